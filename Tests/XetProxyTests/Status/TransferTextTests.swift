import Testing

@testable import XetProxy

@Suite struct TransferTextTests {
    private static func transfer(sent: UInt64, total: UInt64?, rate: UInt64) -> StatusReport.Transfer {
        StatusReport.Transfer(
            id: 1,
            name: nil,
            client: nil,
            kind: "file",
            sent: sent,
            total: total,
            rate: rate,
            seconds: 1
        )
    }

    @Test(
        arguments: [
            (0, 2048, 0, "0 B of 2.0 KiB · 0 B/s"), (1024, 2048, 512, "1.0 KiB of 2.0 KiB · 512 B/s · 2 s left"),
            (5000, 4000, 10, "4.9 KiB of 3.9 KiB · 10 B/s · 0 s left"),
        ] as [(UInt64, UInt64, UInt64, String)]
    )
    func `a transfer`(sent: UInt64, total: UInt64, rate: UInt64, line: String) {
        #expect(TransferText.line(Self.transfer(sent: sent, total: total, rate: rate)) == line)
    }

    @Test func `a transfer of unknown size`() {
        #expect(TransferText.line(Self.transfer(sent: 1024, total: nil, rate: 512)) == "1.0 KiB · 512 B/s")
    }

    @Test func `a failure`() {
        let failure = StatusReport.Failure(secondsAgo: 75, status: 502, route: "download", summary: "", cause: nil)
        #expect(TransferText.line(failure) == "download · 1 min 15 s ago")
    }
}
