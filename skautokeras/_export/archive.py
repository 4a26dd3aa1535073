"""Archive: one zip file that can tell whether it is as it was written.

The comment at its end is the SHA-256 of all that comes before. Anybody can compute
that, so it says nothing about who wrote the file: names and sizes are checked before
anything is read, and nothing is ever unpacked to where a name says.
"""

import io
import stat
import zipfile
import zlib
from hashlib import sha256
from pathlib import PurePosixPath

_DIGEST = 64
_HEX = b"0123456789abcdef"
# No member is compressed by more than this, or a small file could fill the memory.
MOST_COMPRESSION = 20
# Weights hardly shrink, whatever the effort; configurations of networks do.
_LEVEL = 1


def pack(members):
    """Return an archive.

    Parameters
    ----------
    members : dict of str to bytes
        By their names in the archive.

    Returns
    -------
    content : bytes
        Of the file; equal for equal members.

    Examples
    --------
    >>> from skautokeras._export.archive import pack, unpack
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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            archive.writestr(info, content, _compression(content), _LEVEL)
        archive.comment = b"0" * _DIGEST
    body = buffer.getvalue()[:-_DIGEST]
    return body + _digest(body)


def unpack(content):
    """Return the members of an archive.

    Parameters
    ----------
    content : bytes
        Of the file, from anywhere.

    Returns
    -------
    members : dict of str to bytes
        By their names.

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
        From anywhere.
    n_bytes : int
        Of the whole file.
    most_compression : float
        How much longer a member may be than in the file; 1: nothing is compressed.

    Raises
    ------
    ValueError
        If a name leads out of the archive or is there twice, or a member is a link,
        encrypted, or would become too long.
    """
    members = archive.infolist()
    if len({info.filename for info in members}) < len(members):
        raise ValueError("It holds two members of one name.")
    for info in members:
        problem = _problem(info, most_compression)
        if problem:
            raise ValueError(f"Its member {info.filename!r} {problem}.")
    if sum(info.compress_size for info in members) > n_bytes:
        raise ValueError("Its members overlap.")


def _problem(info, most_compression):
    """Return what is wrong with a member, or None."""
    path = PurePosixPath(info.filename)
    if path.is_absolute() or ".." in path.parts or set(info.filename) & set("\\:\0"):
        return "leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.file_size > most_compression * info.compress_size:
        return f"becomes more than {most_compression} times as long as in the file"
    return None


def _read(archive, info):
    """Return a member; of one that is longer than it says, not more than it says."""
    with archive.open(info) as file:
        return file.read(info.file_size)


def _compression(content):
    """Return how to write a member: not so short that it is refused in reading."""
    shrunk = len(zlib.compress(content, _LEVEL))
    if len(content) * 2 > MOST_COMPRESSION * shrunk:
        return zipfile.ZIP_STORED
    return zipfile.ZIP_DEFLATED


def _digest(content):
    return sha256(content).hexdigest().encode()
