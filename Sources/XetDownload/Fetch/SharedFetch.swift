import NIOCore
import Synchronization
import XetAccess
import XetCore

/// Carries out several planned fetches of one URL with one GET.
///
/// Their lanes stand in the order of the file, which is the order of the parts: a part is taken when its lane has its place,
/// so nothing waits for what comes later in the same answer. It is tried once, unless the host is known to answer otherwise.
/// What does not come so its lane fetches for itself, as a lane does that is alone.
final class SharedFetch: Sendable {
    private struct State {
        /// How many lanes have had their turn.
        var turnCount = 0
        /// The lane whose turn it is.
        var lane: FetchLane?
    }

    let lanes: [FetchLane]
    private let environment: FetchRunner.Environment
    /// Lanes that have their place.
    private let placed: BoundedQueue<FetchLane>
    private let state = Mutex(State())

    init(_ lanes: [FetchLane], environment: FetchRunner.Environment) {
        self.lanes = lanes
        self.environment = environment
        placed = BoundedQueue(capacity: lanes.count + 1)
    }

    private var fetches: [XorbFetch] { lanes.map { XorbFetch(xorb: $0.plan.xorb, info: $0.plan.info) } }

    /// Notes that the next lane has its place.
    func notePlace(of lane: FetchLane) async throws { try await placed.push(lane, cost: 1) }

    /// Notes that no other lane gets a place.
    func abandon() { placed.finish() }

    /// Fetches until every lane that gets a place has ended.
    func run() async {
        let isOneRequest = environment.xorbs.isOneRequest(fetches)
        let failure = isOneRequest ? await attempt() : nil
        await withDiscardingTaskGroup { group in
            do {
                while let lane = try await turn() {
                    if lane.isComplete || !lane.isGETUseful {
                        endTurn()
                    } else {
                        group.addTask { [environment] in
                            await FetchRunner(lane: lane, environment: environment).run(after: failure)
                        }
                        state.withLock { $0.lane = nil }
                    }
                }
            } catch {
                // The download is over, and the lanes that have no place yet with it.
            }
        }
    }

    /// The lane whose turn it is, or the next as soon as it has its place; `nil` if there is none.
    private func turn() async throws -> FetchLane? {
        let (lane, isOver) = state.withLock { ($0.lane, $0.turnCount == lanes.count) }
        if let lane { return lane }
        guard !isOver, let next = try await placed.next() else { return nil }
        state.withLock { state in
            state.turnCount += 1
            state.lane = next
        }
        return next
    }

    /// All that is used of the lane is there.
    private func endTurn() {
        guard let lane = state.withLock({ $0.lane.take() }) else { return }
        lane.finish()
        lane.endPlace()
    }

    /// One GET; returns why it did not bring all, if it did not stall.
    private func attempt() async -> XetError? {
        guard let stalls = environment.stalls else { return await attempt(Pulse(environment.watch)) }
        return await stalls.untilStall { await self.attempt($0) } ?? nil
    }

    private func attempt(_ pulse: Pulse) async -> XetError? {
        do {
            try await transfer(pulse)
        } catch let error as XetError {
            environment.note(error)
            return error
        } catch {
            // It was cancelled, or is of no more use.
        }
        return nil
    }

    private func transfer(_ pulse: Pulse) async throws {
        guard let first = try await turn() else { return }
        var intake = LaneIntake(first, of: first.plan.info.chunks, environment)
        var index = 0
        var isTaking = true
        pulse.beginWait()
        try await environment.xorbs.fetch(fetches) { part, piece in
            pulse.endWait(byteCount: piece.bytes.readableBytes)
            if part > index {
                if isTaking { try intake.finish() }
                endTurn()
                guard let next = try await turn() else { throw Enough() }
                intake = LaneIntake(next, of: next.plan.info.chunks, environment)
                (index, isTaking) = (part, true)
            }
            if isTaking { isTaking = try await intake.take(piece) }
            // Without a lane that takes it, or another behind it, nothing that comes is of use.
            guard isTaking || (intake.lane.isComplete && part + 1 < lanes.count) else { throw Enough() }
            pulse.beginWait()
        }
        if isTaking { try intake.finish() }
        endTurn()
    }
}
