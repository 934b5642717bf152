/// An answer of the Hub as it came, kept for when the Hub cannot be asked.
public struct ArchivedAnswer: Hashable, Sendable {
    /// A header of the answer.
    public struct Header: Hashable, Sendable {
        /// As it came.
        public let name: String
        public let value: String

        /// Makes a header.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The repository that it is about, as in `models/owner/name`, `datasets/owner/name` and `models/gpt2`.
    public let repository: String
    /// `GET` or `HEAD`.
    public let method: String
    /// Path and query below the Hub's address, as they were asked for; in an archive with the commit in the place of a branch that the
    /// answer says it is about.
    public let target: String
    /// The status code.
    public let status: Int
    /// The headers, in the order in which they came.
    public let headers: [Header]
    /// The body, without codings; empty for `HEAD`.
    public let body: [UInt8]
    /// When it was asked for, in Unix seconds.
    public let time: Int64

    /// The value of a header.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Makes an answer.
    public init(
        repository: String,
        method: String,
        target: String,
        status: Int,
        headers: [Header],
        body: [UInt8],
        time: Int64
    ) {
        self.repository = repository
        self.method = method
        self.target = target
        self.status = status
        self.headers = headers
        self.body = body
        self.time = time
    }
}

/// Keeps answers of the Hub, and who was permitted to see what.
///
/// A caller is named by a keyed hash of its token; `nil` is whoever has none, and what is permitted to that one is for everybody who
/// was not refused it.
public protocol HubArchive: Sendable {
    /// The latest answer to a question: what it was at the commit that the branch was last seen at, if it asks for a branch.
    func answer(to method: String, _ target: String, of repository: String) async throws -> ArchivedAnswer?

    /// All answers about a repository whose targets follow `target`, by target, some at a time; empty behind the last.
    func answers(of repository: String, after target: String?) async throws -> [ArchivedAnswer]

    /// Keeps answers, all or none; each takes the place of an older one to the same question.
    func keep(_ answers: [ArchivedAnswer]) async throws

    /// Notes that a caller may see a repository; of one that is gated, its files too if `files`.
    func permit(_ caller: [UInt8]?, _ repository: String, files: Bool) async throws

    /// Notes that a caller may not see a repository, or not its files.
    func deny(_ caller: [UInt8]?, _ repository: String, filesAlone: Bool) async throws

    /// Whether a caller may see a repository, and its files if `files`: as itself or, unless it was refused that, as everybody.
    func isPermitted(_ caller: [UInt8]?, _ repository: String, files: Bool) async throws -> Bool

    /// Forgets where the branches of a repository are and who may see it, since somebody has changed it.
    func forget(_ repository: String) async throws
}

/// Finds files by what they are, in an archive of the Hub's answers.
public protocol FileArchive: HubArchive {
    /// An answer with the content that has an entity tag, quotes and weakness left out.
    func content(_ tag: String, of repository: String) async throws -> ArchivedAnswer?

    /// Whether a caller was permitted to see a repository, and its files if `files`, as itself and since `time`, in Unix seconds.
    func wasPermitted(_ caller: [UInt8]?, _ repository: String, files: Bool, since time: Int64) async throws -> Bool

    /// An answer that names the hash of a file, which is 64 hex digits.
    func answer(naming hash: String, of repository: String) async throws -> ArchivedAnswer?

    /// The commit that a branch or a tag was last seen at.
    func commit(of revision: String, in repository: String) async throws -> String?
}
