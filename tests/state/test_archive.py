"""Archives: what is written comes back, and nothing else is read."""

import io
import stat
import warnings
import zipfile
from hashlib import sha256

import numpy as np
import pytest

from skautokeras._state import check_members, pack, unpack


def sealed(write, **options):
    """Return a zip file that ends as an archive does."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members of one name
        with zipfile.ZipFile(buffer, "w", **options) as archive:
            write(archive)
            archive.comment = b"0" * 64
    return resealed(buffer.getvalue())


def resealed(content):
    """Return the content with the digest that belongs to it."""
    return content[:-64] + sha256(content[:-64]).hexdigest().encode()


def test_members_come_back_and_other_tools_can_read_them():
    members = {"a.json": b"{}" * 1000, "b/0.npy": b"", "c.keras": bytes(range(256))}
    content = pack(members)
    assert unpack(content) == members
    assert pack(members) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == members


def test_what_can_be_compressed_is_and_zeros_come_back():
    text = b" ".join(str(i).encode() for i in range(10_000))
    assert len(pack({"text": text})) < 0.6 * len(text)
    zeros = bytes(1_000_000)
    assert unpack(pack({"zeros": zeros})) == {"zeros": zeros}


def test_what_shrinks_much_is_compressed_beside_what_does_not():
    weights = np.random.RandomState(0).bytes(200_000)
    members = {"weights": weights, "statistics": bytes(80_000)}
    content = pack(members)
    assert len(content) < 1.01 * len(weights)
    assert unpack(content) == members


def test_any_changed_byte_is_found():
    content = pack({"a.json": b"some text", "b.npy": bytes(50)})
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        with pytest.raises(ValueError, match=r"damaged|not a file that `save` wrote"):
            unpack(bytes(changed))


def test_a_part_of_a_file_is_found():
    content = pack({"a.json": b"some text", "b.npy": bytes(50)})
    for length in range(len(content)):
        with pytest.raises(ValueError, match=r"damaged|only a part of one"):
            unpack(content[:length])


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "C:evil", "a\\b"])
def test_a_name_that_leads_out_is_refused(name):
    content = sealed(lambda archive: archive.writestr(name, b"evil"))
    with pytest.raises(ValueError, match="leads out of the archive"):
        unpack(content)


def test_a_link_is_refused():
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    content = sealed(lambda archive: archive.writestr(link, b"/etc/passwd"))
    with pytest.raises(ValueError, match="is a link"):
        unpack(content)


def test_two_members_of_one_name_are_refused():
    def write(archive):
        archive.writestr("twice", b"first")
        archive.writestr("twice", b"second")

    with pytest.raises(ValueError, match="two members of one name"):
        unpack(sealed(write))


def test_a_zip_bomb_is_refused():
    content = sealed(
        lambda archive: archive.writestr("bomb", bytes(10**7)),
        compression=zipfile.ZIP_DEFLATED,
    )
    with pytest.raises(ValueError, match="becomes more than 20 times as long"):
        unpack(content)


def test_a_zip_bomb_that_lies_about_its_size_is_not_read():
    n_bytes = 10**7
    content = sealed(
        lambda archive: archive.writestr("bomb", bytes(n_bytes)),
        compression=zipfile.ZIP_DEFLATED,
    )
    size = n_bytes.to_bytes(4, "little")
    lying = resealed(content.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(zipfile.BadZipFile, match="Bad CRC"):
        unpack(lying)


def test_members_that_overlap_are_refused():
    content = pack({f"{i}.keras": np.random.RandomState(i).bytes(999) for i in (0, 1)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            info.compress_size = info.file_size = len(content)
        with pytest.raises(ValueError, match="overlap"):
            check_members(archive, len(content), 20)


def test_an_encrypted_member_is_refused():
    content = pack({"a.json": b"text"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.infolist()[0].flag_bits |= 1
        with pytest.raises(ValueError, match="is encrypted"):
            check_members(archive, len(content), 20)
