import HTTPTypes
import NIOCore
import Synchronization
public import XetAccess
import XetClient
import XetCore
public import XetWire

/// What the Hub has said to whom, in an archive that outlives the process.
///
/// It notes what callers are answered, and answers those who were permitted to see it when the Hub does not. It never fails: what
/// cannot be noted is not known later.
public final class HubRecord: Sendable {
    /// When an answer may stand in for one that the Hub does not give.
    enum Terms: Hashable, Sendable {
        /// However old it is, for whoever was permitted to see what it is about, or everybody was.
        case offline
        /// If it is younger than that, for callers who were permitted to within that time: the Hub may be back soon.
        case within(Duration)
    }

    /// Most bytes of a file's content that is noted.
    static let contentByteCount = 32 << 20
    /// How long an answer that comes again need not be noted again: a content may be long, and does not change.
    private static func repeatTime(_ question: HubQuestion) -> Duration {
        question.isForContent ? .seconds(3600) : .seconds(60)
    }

    /// Most answers that are known to have been noted lately.
    private static let mostRepeatCount = 8192

    /// Whose answer to what was noted.
    private struct Noted: Hashable {
        let caller: [UInt8]?
        let repository: Repository
        let method: HTTPRequest.Method
        let target: String

        init(_ question: HubQuestion, _ caller: [UInt8]?) {
            self.caller = caller
            repository = question.repository
            method = question.method
            target = question.target
        }
    }

    /// When an answer was noted, and which, without what each answer has of its own.
    private struct Note {
        let moment: ContinuousClock.Instant
        let digest: Int
    }

    let archive: any FileArchive
    let hub: HTTPAddress
    private let signer: Signer
    /// Unix seconds.
    private let time: @Sendable () -> UInt64
    private let now: @Sendable () -> ContinuousClock.Instant
    private let noted = Mutex<[Noted: Note]>([:])

    /// A record of what `hub` says; `key` has 32 bytes and stays the same as long as the archive does.
    ///
    /// `time` gives Unix seconds.
    public init(
        _ archive: any FileArchive,
        key: [UInt8],
        hub: HTTPAddress,
        time: @escaping @Sendable () -> UInt64,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.archive = archive
        self.hub = hub
        signer = Signer(key: key)
        self.time = time
        self.now = now
    }

    /// How the archive calls who sends an `Authorization`: by the token, however it is sent.
    func caller(_ authorization: String?) -> [UInt8]? {
        guard let authorization else { return nil }
        let token = try? Caller.token(authorization: authorization)
        return signer.code(Signer.Purpose("archived caller"), [Array((token?.secret ?? authorization).utf8)])
    }

    /// How the archive calls who has no token where that one is not everybody: what others were told of it is not what it was told.
    private var nobody: [UInt8] { signer.code(Signer.Purpose("archived caller without a token"), []) }

    // MARK: What is noted

    /// Notes an answer, and that the caller may see what it is about.
    func note(_ answer: HubAnswer, to question: HubQuestion, from authorization: String?) async {
        guard question.isLasting, let archived = archivable(answer, question) else { return }
        let caller = caller(authorization)
        let key = Noted(question, caller)
        let note = Note(moment: now(), digest: Self.digest(archived))
        guard lately(key, question)?.digest != note.digest else { return }
        do {
            try await archive.keep([archived])
            try await permit(caller, archived, HubTarget(question.target, of: question.repository))
        } catch {
            return
        }
        noted.withLock { noted in
            if noted.count >= Self.mostRepeatCount { noted = [:] }
            noted[key] = note
        }
    }

    /// Whether an answer to a question has been noted lately.
    func hasNoted(_ question: HubQuestion, from authorization: String?) -> Bool {
        lately(Noted(question, caller(authorization)), question) != nil
    }

    /// What was noted so lately that it need not be noted again.
    private func lately(_ key: Noted, _ question: HubQuestion) -> Note? {
        let now = now()
        return noted.withLock { $0[key] }.flatMap { now - $0.moment < Self.repeatTime(question) ? $0 : nil }
    }

    private func permit(_ caller: [UInt8]?, _ answer: ArchivedAnswer, _ target: HubTarget) async throws {
        let name = answer.repository
        guard target.subject == .information, answer.method == "GET", answer.status == 200,
            let visibility = HubKnowledge.visibility(answer.body)
        else {
            if caller == nil { try await archive.permit(nobody, name, files: target.isContent) }
            return try await archive.permit(caller, name, files: target.isContent)
        }
        if visibility.isPrivate {
            try await archive.deny(nil, name, filesAlone: false)
        } else {
            try await archive.permit(nil, name, files: !visibility.isGated)
            if visibility.isGated { try await archive.deny(nil, name, filesAlone: true) }
        }
        try await archive.permit(caller ?? nobody, name, files: !visibility.isGated)
    }

    /// Notes that the Hub refuses a caller a repository, or its files.
    func refuse(_ answer: HubAnswer, to question: HubQuestion, from authorization: String?) async {
        // What is asked otherwise may be refused, or missing, for whoever asks.
        guard HubTarget(question.target, of: question.repository).isCommon else { return }
        noted.withLock { $0 = [:] }
        let caller = caller(authorization)
        let name = question.repository.archiveName
        let (status, code) = (answer.head.status.code, answer.head.headerFields[.errorCode])
        let isGated = code == HubErrorCode.gatedRepository
        // What somebody with a token does not get nobody gets without; one that is no token proves nothing.
        let isForNobody = status == 404 && code == HubErrorCode.repositoryNotFound || status == 403 && isGated
        do {
            if caller != nil, isForNobody { try await archive.deny(nil, name, filesAlone: isGated) }
            try await archive.deny(caller, name, filesAlone: isGated)
            if caller == nil { try await archive.deny(nobody, name, filesAlone: isGated) }
        } catch {
            // Nothing of the archive is given out either when it fails.
        }
    }

    /// A repository has been changed.
    func forget(_ repository: Repository) async {
        noted.withLock { $0 = [:] }
        try? await archive.forget(repository.archiveName)
    }

    /// The answer as it is kept; `nil` if it is not.
    private func archivable(_ answer: HubAnswer, _ question: HubQuestion) -> ArchivedAnswer? {
        let status = answer.head.status.code
        guard [200, 301, 302, 303, 307, 308, 404].contains(status), [.get, .head].contains(question.method),
            [nil, "identity"].contains(answer.head.headerFields[.contentEncoding]?.lowercased())
        else { return nil }
        return ArchivedAnswer(
            repository: question.repository.archiveName,
            method: question.method.rawValue,
            target: question.target,
            status: status,
            headers: lasting(answer.head.headerFields, from: answer.address),
            body: question.method == .head ? [] : Array(buffer: answer.body),
            time: Int64(clamping: time())
        )
    }

    /// Headers that clients may get, without those that are about this one answer or soon lead nowhere.
    private func lasting(_ headers: HTTPFields, from address: HTTPAddress) -> [ArchivedAnswer.Header] {
        EndpointHeaders.response(headers).compactMap { field in
            let name = field.name.canonicalName
            if ["age", "x-request-id", "x-amzn-requestid", "retry-after"].contains(name) || name.hasPrefix("ratelimit")
            {
                return nil
            }
            // A place elsewhere is signed for a while.
            if name == "location", address.resolving(field.value)?.origin != hub.origin { return nil }
            return ArchivedAnswer.Header(field.name.rawName, field.value)
        }
    }

    private static func digest(_ answer: ArchivedAnswer) -> Int {
        var hasher = Hasher()
        hasher.combine(answer.status)
        hasher.combine(answer.headers)
        hasher.combine(answer.body)
        return hasher.finalize()
    }

    // MARK: What is given

    /// The answer to a question for who was permitted to see it, if there is one on these terms.
    func answer(to question: HubQuestion, from authorization: String?, _ terms: Terms) async -> HubAnswer? {
        guard question.isLasting, [.get, .head].contains(question.method) else { return nil }
        let found: ArchivedAnswer?
        do {
            found = try await find(question, caller(authorization), terms)
        } catch {
            return nil
        }
        // A content is what its tag says, however long ago it came.
        return found.flatMap { aged($0, question.isForContent ? .offline : terms) }
    }

    private func find(_ question: HubQuestion, _ caller: [UInt8]?, _ terms: Terms) async throws -> ArchivedAnswer? {
        let target = HubTarget(question.target, of: question.repository)
        guard try await isPermitted(caller, target, terms) else { return nil }
        if case .content(let tag) = question.detail {
            return try await EntityTag(tag).flatMapAsync {
                try await archive.content($0.opaque, of: question.repository.archiveName)
            }
        }
        guard let answer = try await answer(question.method, target) else { return nil }
        return question.detail == .following ? try await follow(answer, caller, terms) : answer
    }

    /// The entries with some paths, from listings that are young enough.
    func paths(
        _ names: [String],
        _ target: HubTarget,
        from authorization: String?,
        _ terms: Terms
    ) async -> HubAnswer? {
        guard (try? await isPermitted(caller(authorization), target, terms)) == true,
            let answer = try? await KeptTree(archive).paths(names, target)
        else { return nil }
        return aged(answer, terms)
    }

    /// The length of a file in XET, if an answer names it that is about a repository whose files the caller may have.
    func byteCount(
        of file: FileHash,
        _ repository: Repository,
        from authorization: String?,
        _ terms: Terms
    ) async -> UInt64? {
        let name = repository.archiveName
        guard (try? await isPermitted(caller(authorization), repository, files: true, terms)) == true,
            let answer = try? await archive.answer(naming: file.text, of: name), let aged = aged(answer, terms)
        else { return nil }
        let headers = aged.head.headerFields
        return (headers[.linkedSize] ?? headers[.contentLength]).flatMap { UInt64($0) }
    }

    private func isPermitted(_ caller: [UInt8]?, _ target: HubTarget, _ terms: Terms) async throws -> Bool {
        try await isPermitted(caller, target.repository, files: target.isContent, terms)
    }

    private func isPermitted(
        _ caller: [UInt8]?,
        _ repository: Repository,
        files: Bool,
        _ terms: Terms
    ) async throws -> Bool {
        switch terms {
        case .offline:
            return try await archive.isPermitted(caller, repository.archiveName, files: files)
        case .within(let age):
            let since = Int64(clamping: time()) - age.components.seconds
            return try await archive.wasPermitted(caller ?? nobody, repository.archiveName, files: files, since: since)
        }
    }

    private func answer(_ method: HTTPRequest.Method, _ target: HubTarget) async throws -> ArchivedAnswer? {
        let name = target.repository.archiveName
        if let answer = try await archive.answer(to: method.rawValue, target.text, of: name) { return answer }
        switch target.subject {
        case .file(let path):
            // Where the Hub sends who asks what a file is, and that there is none, it says to who asks for its bytes as well.
            if method == .get, let head = try await archive.answer(to: "HEAD", target.text, of: name),
                head.status != 200
            {
                return head.header("X-Linked-Size") == nil ? head : nil
            }
            return try await KeptTree(archive).missing(path, target)
        case .tree(let folder) where method == .get:
            return try await KeptTree(archive).listing(folder, target)
        default: return nil
        }
    }

    /// The answer at the end of the way on which the Hub sends who asks.
    private func follow(_ first: ArchivedAnswer, _ caller: [UInt8]?, _ terms: Terms) async throws -> ArchivedAnswer? {
        var answer = first
        var identity: [ArchivedAnswer.Header] = []
        for _ in 0..<5 {
            guard (300..<400).contains(answer.status), answer.header("X-Linked-Size") == nil,
                answer.header("X-Xet-Hash") == nil
            else { return answer.adopting(identity) }
            identity = answer.identity ?? identity
            guard let next = answer.header("Location").flatMap({ hub.appending(answer.target).resolving($0) }),
                let path = AddressMap.path(of: next, below: hub),
                let repository = (try? EndpointTarget(encodedPath: path.prefix { $0 != "?" }))??.repository
            else { return nil }
            let target = HubTarget(String(path), of: repository)
            guard try await isPermitted(caller, target, terms), let following = try await self.answer(.head, target)
            else {
                return nil
            }
            answer = following
        }
        return nil
    }

    /// An answer as it is given now; `nil` if it is too old.
    func aged(_ answer: ArchivedAnswer, _ terms: Terms) -> HubAnswer? {
        let seconds = Int64(clamping: time()) - answer.time
        if case .within(let age) = terms, .seconds(seconds) >= age { return nil }
        var headers: HTTPFields = [.archived: "1"]
        for header in answer.headers {
            guard let name = HTTPField.Name(header.name), HTTPField.isValidValue(header.value) else { continue }
            headers.append(HTTPField(name: name, value: header.value))
        }
        let body = readable(answer)
        // What came from elsewhere may be longer than it says.
        if answer.method != "HEAD" { headers[.contentLength] = "\(body.count)" }
        let head = HTTPResponse(status: .init(code: min(max(answer.status, 100), 599)), headerFields: headers)
        return HubAnswer(head, from: hub.appending(answer.target), body: ByteBuffer(bytes: body)).aged(seconds)
    }

    /// The body without what leads clients to the CAS, which may be as far away as the Hub.
    private func readable(_ answer: ArchivedAnswer) -> [UInt8] {
        guard let repository = Repository(archiveName: answer.repository) else { return answer.body }
        return switch HubTarget(answer.target, of: repository).subject {
        case .tree, .paths, .information: XetHashMasking.mask(answer.body)
        case .file, .references, .other: answer.body
        }
    }
}

extension HubTarget {
    /// Whether it is for bytes of files, or what they are, which a gated repository does not show to all who see it.
    var isContent: Bool {
        switch subject {
        case .file: true
        case .information, .tree, .paths, .references: false
        case .other(let target): !target.hasPrefix("/api/") || target.hasPrefix("/api/resolve-cache/")
        }
    }

    /// Whether each Hub has it of each repository, so that it is missing for nobody who may see that.
    var isCommon: Bool {
        switch subject {
        case .file, .information, .tree, .paths, .references: true
        case .other: false
        }
    }
}

extension ArchivedAnswer {
    /// What it says of a file on the way to its bytes.
    fileprivate var identity: [Header]? {
        let names = ["x-repo-commit", "x-linked-etag", "etag"]
        return header("X-Repo-Commit") == nil ? nil : headers.filter { names.contains($0.name.lowercased()) }
    }

    /// The same with what was said on the way there, where it does not say whose bytes it has.
    fileprivate func adopting(_ identity: [Header]) -> ArchivedAnswer {
        guard header("X-Repo-Commit") == nil,
            let commit = identity.first(where: { $0.name.lowercased() == "x-repo-commit" })
        else { return self }
        var headers = headers + [commit]
        let tag =
            identity.first { $0.name.lowercased() == "x-linked-etag" }
            ?? identity.first { $0.name.lowercased() == "etag" }
        if header("X-Linked-Etag") == nil, let tag { headers.append(Header("X-Linked-Etag", tag.value)) }
        return ArchivedAnswer(
            repository: repository,
            method: method,
            target: target,
            status: status,
            headers: headers,
            body: body,
            time: time
        )
    }
}

extension Optional {
    fileprivate func flatMapAsync<Value>(_ body: (Wrapped) async throws -> Value?) async rethrows -> Value? {
        guard let self else { return nil }
        return try await body(self)
    }
}
