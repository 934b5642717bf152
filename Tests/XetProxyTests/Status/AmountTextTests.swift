import Testing

@testable import XetProxy

@Suite struct AmountTextTests {
    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1 << 20, "1.0 MiB"),
            ((1 << 20) - 1, "1024.0 KiB"), (25_165_824, "24.0 MiB"), (1_000_000_000, "953.7 MiB"), (1 << 30, "1.0 GiB"),
            (UInt64.max, "16.0 EiB"), (1 << 60, "1.0 EiB"), (5_368_709_120, "5.0 GiB"),
        ] as [(UInt64, String)]
    )
    func `bytes`(count: UInt64, text: String) {
        #expect(AmountText.bytes(count) == text)
    }

    @Test(
        arguments: [
            (0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (200, "3 min 20 s"), (3599, "59 min 59 s"),
            (3600, "1 h 0 min"),
            (7500, "2 h 5 min"), (86399, "23 h 59 min"), (86400, "1 d 0 h"), (356_400, "4 d 3 h"),
        ] as [(UInt64, String)]
    )
    func `time`(seconds: UInt64, text: String) {
        #expect(AmountText.time(seconds: seconds) == text)
    }
}
