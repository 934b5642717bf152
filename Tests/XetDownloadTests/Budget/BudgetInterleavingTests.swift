import Testing

@testable import XetDownload

/// Downloads in any order of events: nobody is overtaken, nobody holds too much, everybody gets all in the end.
@Suite struct BudgetInterleavingTests {
    @Test(arguments: 0..<300 as Range<UInt64>)
    func `any downloads`(seed: UInt64) {
        var crowd = BudgetCrowd(BudgetCrowd.Kind(), seed: seed)
        crowd.run()
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `memory for few of them`(seed: UInt64) {
        var kind = BudgetCrowd.Kind()
        kind.downloadCount = 30
        kind.limits = BudgetStateMachine.Limits(
            byteCount: 200,
            spareByteCount: 20,
            aheadByteCount: 400,
            placeByteCount: 5
        )
        var crowd = BudgetCrowd(kind, seed: seed)
        crowd.run()
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `limits of a byte or none`(seed: UInt64) {
        var kind = BudgetCrowd.Kind()
        kind.fetchByteCount = 1...5
        kind.roomByteCount = 1
        kind.leastByteCount = 1
        let count = Int(seed)
        kind.limits = BudgetStateMachine.Limits(
            byteCount: count % 3,
            spareByteCount: count / 3 % 3,
            aheadByteCount: count / 9 % 3,
            placeByteCount: count / 27 % 2
        )
        kind.elsewhereByteCount = count % 2
        var crowd = BudgetCrowd(kind, seed: seed)
        crowd.run()
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `readers that all go on get all`(seed: UInt64) {
        var kind = BudgetCrowd.Kind()
        kind.stoppingPart = 0
        kind.isLeaving = false
        kind.downloadCount = 20
        var crowd = BudgetCrowd(kind, seed: seed)
        crowd.run()
        #expect(crowd.deliveredCount == kind.downloadCount)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `readers that all stop are found out`(seed: UInt64) {
        var kind = BudgetCrowd.Kind()
        kind.stoppingPart = 1
        var crowd = BudgetCrowd(kind, seed: seed)
        crowd.run()
        #expect(crowd.deliveredCount == 0)
    }

    /// They give memory back only after something else was fetched.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `fetches whose chunks are kept`(seed: UInt64) {
        var kind = BudgetCrowd.Kind()
        kind.keptPart = 2
        kind.limits.byteCount = 600
        var crowd = BudgetCrowd(kind, seed: seed)
        crowd.run()
    }
}
