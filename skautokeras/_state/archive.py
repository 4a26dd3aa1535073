"""Archive: one zip file that can tell whether it is as it was written.

The comment at its end is the SHA-256 of all that comes before. Anybody can compute
that, so it says nothing about who wrote the file: names and sizes are checked before
anything is read, and nothing is ever unpacked to where a name says.
"""

import io
import stat
import zipfile
from hashlib import sha256
from pathlib import PurePosixPath

_DIGEST = 64
_HEX = b"0123456789abcdef"
# A file is not compressed by more than this, or a small one could fill the memory.
MOST_COMPRESSION = 20
# Weights hardly shrink, whatever the effort; words and configurations of networks do.
_LEVEL, _LEVEL_OF_LARGE = 9, 1
_LARGE = 4_000_000  # bytes; below, all the effort takes a fraction of a second.


def pack(members, *, compress=True):
    """Return an archive.

    Parameters
    ----------
    members : dict of str to bytes
        Contents of the members by their names in the archive.
    compress : bool, default=True
        Whether to make the file shorter, which takes longer.

    Returns
    -------
    content : bytes
        The file; it is equal for equal members.

    Examples
    --------
    >>> from skautokeras._state.archive import pack, unpack
    >>> content = pack({"state.json": b"{}"})
    >>> unpack(content)
    {'state.json': b'{}'}
    >>> unpack(content[:100])
    Traceback (most recent call last):
    ValueError: It is not a file that `save` wrote, or only a part of one.
    >>> unpack(content.replace(b"state", b"State"))
    Traceback (most recent call last):
    ValueError: It has been damaged: it is not as it was written.
    """
    body = _zipped(members, zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED)
    if sum(map(len, members.values())) > MOST_COMPRESSION * len(body):
        # It would be refused in reading.
        body = _zipped(members, zipfile.ZIP_STORED)
    return body + _digest(body)


def unpack(content):
    """Return the members of an archive.

    Parameters
    ----------
    content : bytes
        A file from anywhere.

    Returns
    -------
    members : dict of str to bytes
        Contents of the members by their names.

    Raises
    ------
    ValueError
        If it is no archive, is not as it was written, or would not be harmless to read.
    """
    body, digest = content[:-_DIGEST], content[-_DIGEST:]
    if not body.startswith(b"PK") or digest.strip(_HEX):
        raise ValueError("It is not a file that `save` wrote, or only a part of one.")
    if _digest(body) != digest:
        raise ValueError("It has been damaged: it is not as it was written.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        check_members(archive, len(content), MOST_COMPRESSION)
        return {info.filename: _read(archive, info) for info in archive.infolist()}


def check_members(archive, n_bytes, most_compression):
    """Raise unless the members of an archive are harmless to read.

    Parameters
    ----------
    archive : zipfile.ZipFile
        An archive from anywhere.
    n_bytes : int
        Number of bytes of the whole file.
    most_compression : float
        How many times longer all members together may be than the file.

    Raises
    ------
    ValueError
        If a name leads out of the archive or is there twice, if a member is a link or
        encrypted, or if the members overlap or would become too long.
    """
    members = archive.infolist()
    if len({info.filename for info in members}) < len(members):
        raise ValueError("It holds two members of one name.")
    for info in members:
        problem = _problem(info)
        if problem:
            raise ValueError(f"Its member {info.filename!r} {problem}.")
    if sum(info.compress_size for info in members) > n_bytes:
        raise ValueError("Its members overlap.")
    if sum(info.file_size for info in members) > most_compression * n_bytes:
        raise ValueError(
            f"It becomes more than {most_compression} times as long as in the file."
        )


def _problem(info):
    """Return what is wrong with a member, or None."""
    path = PurePosixPath(info.filename)
    if path.is_absolute() or ".." in path.parts or set(info.filename) & set("\\:\0"):
        return "leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & 1:
        return "is encrypted"
    return None


def _read(archive, info):
    """Return a member; of one that is longer than it says, not more than it says."""
    with archive.open(info) as file:
        return file.read(info.file_size)


def _zipped(members, method):
    """Return a zip file, but for the digest at its end."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            level = _LEVEL if len(content) < _LARGE else _LEVEL_OF_LARGE
            archive.writestr(zipfile.ZipInfo(name), content, method, level)
        archive.comment = b"0" * _DIGEST
    return buffer.getvalue()[:-_DIGEST]


def _digest(content):
    return sha256(content).hexdigest().encode()
