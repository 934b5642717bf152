import Testing
import XetAccess
import XetTestSupport

@testable import XetDownload

@Suite struct OpenLanesTests {
    private let account = FetchBudget().account()

    private func lane() throws -> FetchLane {
        FetchLane(
            try SampleFetch().plan,
            ordinal: 0,
            room: FetchLane.Room(byteCount: 1000, leastByteCount: 1000),
            account: account,
            watch: Stopwatch(ManualClock())
        )
    }

    private func isClosed(_ lane: FetchLane) -> Bool {
        do {
            _ = try lane.chunk(0)
            return false
        } catch {
            return error is LaneClosedError
        }
    }

    @Test func `dropping closes those that are there, and those that come later`() throws {
        let lanes = OpenLanes()
        let (before, after) = ([try lane(), try lane()], [try lane()])
        lanes.add(before)
        #expect(!lanes.areDropped)
        #expect(!before.contains(where: isClosed))
        lanes.drop()
        #expect(lanes.areDropped)
        #expect(before.allSatisfy(isClosed))
        lanes.add(after)
        #expect(after.allSatisfy(isClosed))
        lanes.drop()
        #expect(lanes.areDropped)
    }

    @Test func `those that are removed are left alone`() throws {
        let lanes = OpenLanes()
        let (one, two) = (try lane(), try lane())
        lanes.add([one, two])
        lanes.remove([one])
        lanes.drop()
        #expect(!isClosed(one))
        #expect(isClosed(two))
        lanes.remove([two])
    }
}
