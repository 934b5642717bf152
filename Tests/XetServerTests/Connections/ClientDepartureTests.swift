import Synchronization
import Testing
import XetTestSupport

@testable import XetServer

@Suite(.timeLimit(.minutes(5))) struct ClientDepartureTests {
    /// Waits until its task is cancelled; returns whether that was so when it looked.
    private static func waitForCancellation() async throws {
        let never = AsyncStream<Never> { _ in }
        for await _ in never {}
        try Task.checkCancellation()
    }

    @Test func `what is done before the client leaves is not disturbed`() async throws {
        let departure = ClientDeparture()
        #expect(try await departure.cancelling { 7 } == 7)
        #expect(try await departure.cancelling { 8 } == 8)
    }

    @Test func `a client that leaves cancels what is done for it`() async throws {
        let departure = ClientDeparture()
        await #expect(throws: CancellationError.self) {
            try await departure.cancelling {
                departure.leave()
                try await Self.waitForCancellation()
            }
        }
    }

    @Test func `nothing begins undisturbed for a client that has left`() async throws {
        let departure = ClientDeparture()
        departure.leave()
        departure.leave()
        await #expect(throws: CancellationError.self) {
            try await departure.cancelling { try await Self.waitForCancellation() }
        }
    }

    @Test func `what ends although the client left is given on`() async throws {
        let departure = ClientDeparture()
        let value = try await departure.cancelling {
            departure.leave()
            return 9
        }
        #expect(value == 9)
    }

    @Test func `a cancelled task does not wait for the client`() async throws {
        let departure = ClientDeparture()
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await departure.cancelling { try await Self.waitForCancellation() } }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
    }

    @Test func `errors are given on`() async throws {
        struct Wrong: Error {}
        await #expect(throws: Wrong.self) { try await ClientDeparture().cancelling { throw Wrong() } }
    }

    /// The client leaves at the very moment at which the work comes to its end, again and again.
    @Test func `leaving and ending at once`() async throws {
        for _ in 0..<2000 {
            let departure = ClientDeparture()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { departure.leave() }
                group.addTask { _ = try? await departure.cancelling { await Task.yield() } }
            }
        }
    }
}
