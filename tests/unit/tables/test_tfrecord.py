import struct

import pytest

from neural_predictor.errors import FormatError, SourceError
from neural_predictor.tables.nasbench101 import tfrecord
from neural_predictor.tables.nasbench101.tfrecord import frame, read_batches

RECORDS = [b"", b"a", b"first", b"x" * 1000, bytes(range(256)), b"last"]


def crc32c(data):
    """Bit by bit, from the polynomial of RFC 3720."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(crc):
    return ((crc >> 15) | (crc << 17) & 0xFFFFFFFF) + 0xA282EAD8 & 0xFFFFFFFF


def file_of(folder, content):
    path = folder / "records.tfrecord"
    path.write_bytes(content)
    return path


def read_all(path, batch_bytes=tfrecord.BATCH_BYTES):
    return [data for batch in read_batches(path, batch_bytes) for data in batch.records]


def test_a_frame_is_as_the_format_says():
    assert crc32c(b"123456789") == 0xE3069283  # the check value of the polynomial
    for data in RECORDS:
        length = struct.pack("<Q", len(data))
        expected = length + struct.pack("<I", masked(crc32c(length))) + data + struct.pack("<I", masked(crc32c(data)))
        assert frame(data) == expected


@pytest.mark.parametrize("batch_bytes", [1, 17, 300, 10**6])
def test_records_come_back_whatever_is_read_at_a_time(tmp_path, batch_bytes):
    path = file_of(tmp_path, b"".join(map(frame, RECORDS)))
    batches = list(read_batches(path, batch_bytes))
    assert [data for batch in batches for data in batch.records] == RECORDS
    assert [batch.first for batch in batches] == [
        1 + sum(len(b.records) for b in batches[:k]) for k in range(len(batches))
    ]
    assert batches[-1].offset(len(batches[-1].records)) == path.stat().st_size
    offsets = [batch.offset(k) for batch in batches for k in range(len(batch.records))]
    assert offsets == [sum(len(frame(data)) for data in RECORDS[:k]) for k in range(len(RECORDS))]


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["nasbench101_4v_full.tfrecord", "nasbench101_5v_4epochs.tfrecord"])
def test_real_files_are_what_their_records_frame_to(shared_data, name):
    path = shared_data / name
    assert b"".join(map(frame, read_all(path, 50_000))) == path.read_bytes()


def test_every_flipped_bit_and_every_cut_is_found(tmp_path):
    records = [b"one", b"two and a half", b"three"]
    whole = b"".join(map(frame, records))
    ends = [len(b"".join(map(frame, records[: k + 1]))) for k in range(3)]
    for bit in range(8 * len(whole)):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        number = 1 + sum(bit // 8 >= end for end in ends)
        with pytest.raises(
            FormatError, match=rf"records\.tfrecord, record {number} \(byte {([0, *ends])[number - 1]}\): "
        ):
            read_all(file_of(tmp_path, bytes(broken)))
    for size in range(1, len(whole)):
        path = file_of(tmp_path, whole[:size])
        if size in ends:
            assert read_all(path) == records[: ends.index(size) + 1]
            continue
        number = 1 + sum(size >= end for end in ends)
        with pytest.raises(FormatError, match=rf"record {number} \(byte \d+\): (cut short|not a TFRecord file)"):
            read_all(path)


def test_records_before_the_damage_are_given_first(tmp_path):
    path = file_of(tmp_path, frame(b"good") + frame(b"bad")[:-1])
    batches = read_batches(path)
    assert next(batches).records == [b"good"]
    with pytest.raises(FormatError, match=r"record 2 \(byte 20\): cut short: the file ends after 18 bytes of it"):
        next(batches)


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        (b"", "is empty"),
        (b"\x1f\x8b\x08\x00" + bytes(60), "a gzip archive: unpack it first"),
        (b"PK\x03\x04" + bytes(60), "a zip archive"),
        (b"\n <!DOCTYPE html><html><body>Not found</body></html>", "an HTML or XML page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Error/>", "an HTML or XML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4c39\nsize 9\n", "a git-lfs pointer"),
        (b"PAR1" + bytes(60), "a Parquet file"),
        (b"<p>", "an HTML or XML page"),
        (b"\x07" * 40, "begins with the bytes 07 07 07"),
    ],
)
def test_a_wrong_file_is_said_to_be_what_it_looks_like(tmp_path, content, looks):
    with pytest.raises(
        FormatError, match=rf"records\.tfrecord, record 1 \(byte 0\): not a TFRecord file: it .*{looks}"
    ):
        read_all(file_of(tmp_path, content))


def test_a_length_that_memory_does_not_hold_is_refused(tmp_path):
    length = struct.pack("<Q", 2**40)
    path = file_of(tmp_path, frame(b"good") + length + struct.pack("<I", masked(crc32c(length))) + bytes(100))
    with pytest.raises(FormatError, match=r"record 2 \(byte 20\): it is 1099511627776 bytes long; expected at most"):
        read_all(path)


def test_a_file_that_cannot_be_read_is_a_source_error(tmp_path):
    with pytest.raises(SourceError, match=r"absent\.tfrecord: cannot be read \(No such file"):
        read_all(tmp_path / "absent.tfrecord")
    with pytest.raises(SourceError, match="cannot be read"):
        read_all(tmp_path)
