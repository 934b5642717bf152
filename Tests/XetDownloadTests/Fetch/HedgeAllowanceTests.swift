import Testing

@testable import XetDownload

@Suite struct HedgeAllowanceTests {
    private func takenCount(_ hedges: HedgeAllowance) -> Int {
        var count = 0
        while hedges.take() { count += 1 }
        return count
    }

    @Test func `a process that has just begun may send a few`() {
        #expect(takenCount(HedgeAllowance()) == HedgeAllowance.firstHedgeCount)
    }

    @Test(arguments: [(19, 0), (20, 1), (39, 1), (40, 2), (10_000, 500)])
    func `then one in twenty`(getCount: Int, hedgeCount: Int) {
        let hedges = HedgeAllowance()
        #expect(takenCount(hedges) == HedgeAllowance.firstHedgeCount)
        for _ in 0..<getCount { hedges.noteGET() }
        #expect(takenCount(hedges) == hedgeCount)
    }

    @Test func `what was not used is not lost, and nothing is owed`() {
        let hedges = HedgeAllowance()
        for _ in 0..<100 { hedges.noteGET() }
        #expect(takenCount(hedges) == HedgeAllowance.firstHedgeCount + 5)
        for _ in 0..<50 { #expect(!hedges.take()) }
        for _ in 0..<20 { hedges.noteGET() }
        #expect(takenCount(hedges) == 1)
    }
}
