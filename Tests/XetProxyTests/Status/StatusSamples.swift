import XetAccess
import XetCore

@testable import XetProxy

/// Books and reports for tests of what is shown.
enum StatusSamples {
    static let now: UInt64 = 1_800_000_000

    static func subject(
        _ path: String,
        byteCount: UInt64? = 1000,
        visibility: TransferSubject.Visibility = .anyone,
        caller: HubToken? = nil
    ) -> TransferSubject {
        var subject = TransferSubject(
            kind: .file,
            repository: Repository(kind: .model, name: "acme/model"),
            path: path,
            visibility: visibility,
            byteCount: byteCount
        )
        subject.caller = caller.map(CallerMark.init)
        return subject
    }

    static func failure(_ cause: String, caller: HubToken? = nil) -> RequestFailure {
        var failure = RequestFailure(
            time: now - 12,
            status: 502,
            route: "download",
            summary: "corrupt",
            cause: cause
        )
        failure.caller = caller.map(CallerMark.init)
        return failure
    }

    static func report(_ book: TransferBook, for viewer: HubToken? = nil, hub: String = "https://hub.example")
        -> StatusReport
    {
        StatusReport(
            version: "1.2.3",
            hub: hub,
            uptime: 3725,
            book.snapshot,
            for: viewer.map { .caller(CallerMark($0)) } ?? .anyone,
            now: now
        )
    }
}
