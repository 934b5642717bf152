import Testing

@testable import XetConfiguration

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", 0), ("12", 12), ("1KiB", 1024), ("1.5GiB", 3 << 29), ("512MB", 512_000_000), ("512 mb", 512_000_000),
        ("2kB", 2000), ("2KB", 2000), ("0.5TB", 500_000_000_000), ("1.123456789TB", 1_123_456_789_000), ("10B", 10),
        ("0.0001KiB", 0), ("1.999999999KiB", 2047), ("256TiB", 1 << 48),
    ])
    func `a size has one number and one unit`(text: String, byteCount: Int) {
        #expect(ByteUnit.parse(text, .byte) == byteCount)
    }

    @Test(arguments: [
        "", " ", "MB", "1 ", " 1", "1  MB", "1.MB", ".5MB", "1.5.5MB", "1,5MB", "1MB5kB", "1XB", "-1", "+1", "1e3",
        "257TiB",
        "99999999999999999999", "9223372036854775807KiB", "1.0123456789MB", "1 2", "１MB", "1MB ",
    ])
    func `what is no size is none`(text: String) {
        #expect(ByteUnit.parse(text, .byte) == nil)
    }

    @Test(arguments: [
        ("30", 30_000), ("30s", 30_000), ("1.5", 1500), ("1m30s", 90_000), ("1h30m", 5_400_000),
        ("1h 30m 5s 7ms", 5_405_007),
        ("0.5h", 1_800_000), ("250ms", 250), ("0", 0), ("1.0005s", 1000), ("8784h", 31_622_400_000), ("1d", 86_400_000),
        ("1d12h", 129_600_000),
    ])
    func `a time has units that become smaller`(text: String, milliseconds: Int) {
        #expect(TimeUnit.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "s", "1m30", "30s1m", "1s1s", "1m 30", "1w", "1M", "-1s", "1 m30 s ", "8785h", "8784h1ms",
        "9223372036854775807h",
        "1ms1us", "1h,30m",
    ])
    func `what is no time is none`(text: String) {
        #expect(TimeUnit.parse(text) == nil)
    }
}
