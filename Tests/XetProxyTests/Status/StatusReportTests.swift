import Testing
import XetAccess
import XetCore
import XetServer

@testable import XetProxy

@Suite struct StatusReportTests {
    private let alice = HubToken("hf_alice")
    private let bob = HubToken("hf_bob")

    @Test func `names are for those who may know them`() {
        let book = TransferBook()
        let transfers = [
            book.begin(StatusSamples.subject("public.bin")),
            book.begin(StatusSamples.subject("hers.bin", visibility: .unknown, caller: alice)),
            book.begin(StatusSamples.subject("nobodys.bin", visibility: .unknown)),
        ]
        #expect(StatusSamples.report(book).transfers.map(\.name) == ["acme/model/public.bin", nil, nil])
        #expect(StatusSamples.report(book, for: bob).transfers.map(\.name) == ["acme/model/public.bin", nil, nil])
        #expect(
            StatusSamples.report(book, for: alice).transfers.map(\.name)
                == ["acme/model/public.bin", "acme/model/hers.bin", nil]
        )
        for transfer in transfers { transfer.end(.finished) }
    }

    @Test func `a public repository is named, and the operator sees everything`() throws {
        let book = TransferBook()
        var subject = StatusSamples.subject("hers.bin", visibility: .unknown, caller: alice)
        subject.client = "192.0.2.7"
        let transfer = book.begin(subject)
        let repository = try #require(Repository(kind: .model, name: "acme/model"))
        func report(_ viewer: Viewer, _ known: Set<Repository> = []) -> StatusReport {
            StatusReport(
                version: "1",
                hub: "https://hub.example",
                uptime: 1,
                book.snapshot,
                for: viewer,
                publicly: known,
                now: StatusSamples.now
            )
        }
        let mark = alice.map(CallerMark.init)
        #expect(report(.anyone).transfers.map(\.name) == [nil])
        #expect(report(.anyone, [repository]).transfers.map(\.name) == ["acme/model"])
        #expect(report(.anyone, [repository]).transfers.map(\.client) == [nil])
        #expect(report(try .caller(#require(mark)), [repository]).transfers.map(\.name) == ["acme/model/hers.bin"])
        #expect(report(try .caller(#require(mark))).transfers.map(\.client) == [nil])
        #expect(report(.theOperator).transfers.map(\.name) == ["acme/model/hers.bin"])
        #expect(report(.theOperator).transfers.map(\.client) == ["192.0.2.7"])
        book.note(StatusSamples.failure("nobody: acme/secret"))
        #expect(report(.theOperator).failures.map(\.cause) == ["nobody: acme/secret"])
        transfer.end(.finished)
    }

    @Test func `what was saved is named to who may know it`() throws {
        let savings = SavingsBook(now: { StatusSamples.now })
        let repositories = try (0..<7).map { try #require(Repository(kind: .dataset, name: "acme/data-\($0)")) }
        for (number, repository) in repositories.enumerated() {
            let caller = number == 5 ? alice : bob
            savings.note(
                UInt64(100 * (number + 1)),
                of: repository,
                isPublic: number == 6,
                caller: caller.map(CallerMark.init)
            )
        }
        savings.note(50, of: nil, isPublic: false, caller: nil)
        func names(_ viewer: Viewer, _ known: Set<Repository> = []) -> [String?] {
            StatusReport.Cache(size: 1, limit: 2, savings, for: viewer, publicly: known).top.map(\.name)
        }
        let all = repositories.reversed().prefix(5).map { "\($0)" }
        #expect(names(.theOperator) == all)
        #expect(names(.anyone) == [all[0], nil, nil, nil, nil])
        #expect(names(.anyone, [repositories[4]]) == [all[0], nil, all[2], nil, nil])
        #expect(names(try .caller(CallerMark(#require(alice)))) == [all[0], all[1], nil, nil, nil])
        let cache = StatusReport.Cache(size: 1, limit: 2, savings, for: .anyone, publicly: [])
        #expect(cache.saved == 2850 && cache.top.map(\.saved) == [700, 600, 500, 400, 300])
    }

    @Test func `causes are for the caller who met them`() {
        let book = TransferBook()
        book.note(StatusSamples.failure("nobody: acme/secret"))
        book.note(StatusSamples.failure("alice: acme/secret", caller: alice))
        #expect(StatusSamples.report(book).failures.map(\.cause) == [nil, nil])
        #expect(StatusSamples.report(book, for: bob).failures.map(\.cause) == [nil, nil])
        #expect(StatusSamples.report(book, for: alice).failures.map(\.cause) == ["alice: acme/secret", nil])
        #expect(StatusSamples.report(book).failures.map(\.secondsAgo) == [12, 12])
    }

    @Test func `the list is bounded, the count is not`() {
        let book = TransferBook()
        let transfers = (0..<130).map { book.begin(StatusSamples.subject("\($0).bin")) }
        let report = StatusSamples.report(book)
        #expect(report.live == 130)
        #expect(report.transfers.count == StatusReport.maximumTransferCount)
        #expect(report.transfers.first?.name == "acme/model/0.bin")
        for transfer in transfers { transfer.end(.cancelled) }
    }

    @Test func `texts are bounded`() {
        let book = TransferBook()
        let transfer = book.begin(StatusSamples.subject("e" + String(repeating: "\u{301}", count: 70_000)))
        book.note(StatusSamples.failure(String(repeating: "long ", count: 10_000), caller: alice))
        let report = StatusSamples.report(book, for: alice)
        #expect(report.transfers.first?.name?.unicodeScalars.count == StatusReport.maximumTextCount + 1)
        #expect(report.failures.first?.cause?.unicodeScalars.count == StatusReport.maximumTextCount + 1)
        transfer.end(.finished)
    }

    @Test func `counts`() {
        let book = TransferBook()
        let running = book.begin(StatusSamples.subject("a.bin"))
        let done = book.begin(StatusSamples.subject("b.bin"))
        running.note(400)
        done.note(1000)
        done.end(.finished)
        let report = StatusSamples.report(book)
        #expect(report.totals.started == 2)
        #expect(report.totals.finished == 1)
        #expect(report.totals.sent == 1400)
        #expect(report.transfers.map(\.sent) == [400])
        #expect(report.transfers.map(\.total) == [1000])
        running.end(.aborted)
        #expect(StatusSamples.report(book).totals.aborted == 1)
    }
}
