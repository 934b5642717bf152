import Foundation
import Testing
import XetTestSupport

/// Nothing is resumed, cancelled or called back while a lock is held.
@Suite struct LockedCallsTests {
    @Test func `no source makes a call of others under a lock`() throws {
        let folder = Vectors.folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        var placeCount = 0
        for path in paths.sorted() {
            let calls = LockedCalls(try String(contentsOf: folder.appending(path: path), encoding: .utf8))
            placeCount += calls.placeCount
            #expect(calls.findings.isEmpty, "\(path)")
        }
        // Where nothing is looked at, nothing is found.
        #expect(placeCount > 100)
    }

    private static let wrong = [
        "state.withLock { $0.continuation?.resume() }",
        "state.withLock({ $0.continuation?.resume(returning: 1) })",
        "state.withLock { state in\n    if let one = state.one.take() {\n        one.resume(with: result)\n    }\n}",
        "let x = state.withLock { state -> Int in { state.task.cancel() }(); return 1 }",
        "state.withLock { $0.group.cancelAll() }",
        "state.withLock { $0.cancel?() }",
        "state.withLock { state in state.cancel.take()?() }",
        "state.withLock { state in onEnd(state) }",
        "state.withLock { $0.time = now() }",
        "state.withLock { state in state.value = make() }",
        "state.withLock { state in body(state.value) }",
        "state.withLock { $0.stream.yield(1) }",
        "state.withLock { $0.promise.succeed(()) }",
        "budget.change { state in state.waiter?.resume() }",
        "change { $0.waiter.resume() }",
        "budget.change(by: 1, { $0.waiter.resume() })",
        "if state.withLockIfAvailable({ $0.waiter.resume() }) == nil {}",
        "print(\"\\(state.withLock { $0.waiter.resume() })\")",
        "struct State {\n    mutating func end() { waiter.resume() }\n}",
        "extension Budget.State {\n    mutating func end() { task?.cancel() }\n}",
        "state.withLock { state in\n    // first\n    state.waiter.resume() // then\n}",
    ]

    @Test(arguments: wrong)
    func `a call under a lock is found`(source: String) {
        #expect(LockedCalls(source).findings.count == 1)
    }

    private static let right = [
        "state.withLock { $0.continuation.take() }?.resume()",
        "state.withLock { $0.onEnd.take() }?()",
        "let next = state.withLock { $0.line.popFirst() }\nnext?.resume()",
        "state.withLock { state in\n    // then resume() it\n    state.text = \"resume()\" /* cancel() /* now() */ now() */\n}",
        "state.withLock { $0.text = #\"x.resume(\"y\")\"# }",
        "state.withLock { $0.text = \"\"\"\n    a \" .resume() \\\" }\n    \"\"\" }",
        "state.withLock { $0.value = try? (1) }",
        "func change(_ body: (inout State) -> Void) { state.withLock { state in body(&state) } }",
        "struct Other {\n    func end() { waiter.resume() }\n}",
        "struct State {\n    var cancel: (() -> Void)?\n    mutating func resume() -> Waiter? { waiter.take() }\n}",
        "let resume = state.withLock { $0.resumption }\nresume()",
        "let state: State\nwaiter.resume()",
    ]

    @Test(arguments: right)
    func `a call after the lock is none`(source: String) {
        #expect(LockedCalls(source).findings == [])
    }

    @Test func `a finding says where`() {
        let source = "\n\nstate.withLock { state in\n    \"(\"; state.waiter.resume()\n}\nlater.resume()\n"
        #expect(LockedCalls(source).findings.map(\.description) == ["line 4: resume"])
    }
}
