import Synchronization
import Testing
import XetAccess
import XetCore

@testable import XetProxy

@Suite struct SavingsBookTests {
    private let time = Time()

    private final class Time: Sendable {
        private let seconds = Mutex<UInt64>(1_800_000_000)
        var now: UInt64 { seconds.withLock { $0 } }
        func pass(_ count: UInt64) { seconds.withLock { $0 += count } }
    }

    private var book: SavingsBook { SavingsBook(now: { [time] in time.now }) }

    private func repository(_ number: Int) throws -> Repository {
        try #require(Repository(kind: .model, name: "acme/\(number)"))
    }

    @Test func `a day ends at midnight`() throws {
        let book = book
        book.note(100, of: try repository(1), isPublic: true, caller: nil)
        #expect(book.top(5).byteCount == 100)
        time.pass(86_400)
        #expect(book.top(5).byteCount == 0 && book.top(5).savings.isEmpty)
        book.note(7, of: try repository(2), isPublic: true, caller: nil)
        #expect(book.top(5).byteCount == 7 && book.top(5).savings.count == 1)
    }

    @Test func `what was saved most is kept of many`() throws {
        let book = book
        for number in 0..<3000 {
            book.note(UInt64(number + 1), of: try repository(number), isPublic: false, caller: nil)
        }
        let top = book.top(2000)
        #expect(top.savings.count == 1024)
        #expect(top.savings.first?.byteCount == 3000)
        #expect(top.byteCount == 3000 * 3001 / 2)
    }

    @Test func `callers are bounded`() throws {
        let book = book
        for number in 0..<1000 {
            let token = try #require(HubToken("hf_\(number)"))
            book.note(1, of: try repository(1), isPublic: false, caller: CallerMark(token))
        }
        #expect(book.top(1).savings.first.map { $0.callers.count < 1000 } ?? false)
    }
}

@Suite struct PublicRepositoriesTests {
    @Test func `each is asked about once, one at a time, and again after a while`() async throws {
        let begin = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let asked = Mutex<[String]>([])
        let repositories = try ["acme/open", "acme/shut", "acme/silent"].map {
            try #require(Repository(kind: .model, name: $0))
        }
        let publics = PublicRepositories(now: { begin + passed.withLock { $0 } }) { repository in
            asked.withLock { $0.append(repository.name) }
            return ["acme/open": true, "acme/shut": false][repository.name]
        }
        for _ in 0..<5 { await publics.learn(repositories) }
        #expect(asked.withLock { $0 } == repositories.map(\.name))
        #expect(publics.known == [repositories[0]])
        passed.withLock { $0 = .seconds(600) }
        #expect(publics.known.isEmpty)
        await publics.learn(repositories)
        #expect(asked.withLock { $0.count } == 4)
        #expect(publics.known == [repositories[0]])
    }
}
