import HTTPTypes
public import Metrics
import NIOCore
import Synchronization
import XetAccess
import XetCore
public import XetWire

/// Remembers what the Hub has answered to whom, for as long as the operator lets it.
///
/// An answer is for the caller who got it, and for nothing but the same question. For the time of a lease the Hub is not asked
/// again. After that it is, and what it said before is used only when it does not say anything: for 429, 5xx and silence, and not
/// to callers whom it has refused since. What several ask at once is asked once.
public final class HubLeases: Sendable {
    /// For how long.
    public struct Configuration: Sendable {
        /// How long an answer holds, counted from the moment that it was asked for.
        public var lease: Duration
        /// How long an answer may stand in for one that the Hub does not give.
        public var stale: Duration
        /// Whether the Hub is never asked: then what is archived holds however old it is.
        public var isOffline: Bool
        /// Most bytes of all answers.
        var byteCount = 24 << 20

        /// Makes a configuration.
        public init(lease: Duration = .zero, stale: Duration = .zero, isOffline: Bool = false) {
            self.lease = lease
            self.stale = stale
            self.isOffline = isOffline
        }
    }

    /// Why a request to the Hub was not made.
    private enum Saving: String, CaseIterable {
        /// The answer to the same question was on its way.
        case joined
        /// The lease holds.
        case lease
        /// The Hub is away, or says that it has had enough.
        case stale
        /// The same, and an archive knows what it said to an earlier process.
        case archive
    }

    private struct Entry {
        let answer: HubAnswer
        let askedAt: ContinuousClock.Instant
        let byteCount: Int
        /// Whether it came from another place of the Hub than was asked, or leads there.
        let isElsewhere: Bool
        var lastUse: UInt64
    }

    /// What has to be the same for two requests to be one, and for an answer to be kept.
    private struct Moment: Hashable {
        let question: HubQuestion
        let endingCount: UInt64
        let denialCount: UInt64
    }

    /// A caller, and the repository that it asks about: what the Hub refuses it there ends what it was told of it.
    private struct Relation: Hashable {
        let caller: CallerMark?
        let repository: Repository

        init(_ question: HubQuestion) {
            caller = question.caller
            repository = question.repository
        }
    }

    private struct State {
        var entries: [Relation: [HubQuestion: Entry]] = [:]
        var byteCount = 0
        var useCount: UInt64 = 0
        /// Until when the Hub is not asked for what is known: by whom it does not answer, or whose budget is used up.
        var heldUntil: [HubBudget: ContinuousClock.Instant] = [:]
        var endingCount: UInt64 = 0
        var denialCounts: [Relation: UInt64] = [:]
    }

    /// Most bytes of an answer that is remembered.
    static let answerByteCount = 4 << 20
    /// How long the Hub is waited for by whom something is known that may stand in.
    static let briefWait = Duration.seconds(5)
    /// How long a caller whom it did not answer uses what is known, if it does not say.
    private static let silenceTime = Duration.seconds(10)
    /// About what a question and its entry take beside their texts.
    private static let overheadByteCount = 1024
    /// Most callers of whom it is known that they have been refused something, or are not to ask.
    private static let mostMarkCount = 4096

    private let configuration: Configuration
    /// What outlives this process, if anything does.
    let record: HubRecord?
    private let hub: HTTPAddress
    private let now: @Sendable () -> ContinuousClock.Instant
    /// Unix seconds.
    private let time: @Sendable () -> UInt64
    private let savings: [Saving: Counter]
    private let requests = SharedRequests<Moment, HubAnswer?>()
    private let state = Mutex(State())

    /// Remembers answers of `hub`, in `record` for later processes as well; `time` gives Unix seconds.
    public init(
        _ configuration: Configuration,
        hub: HTTPAddress,
        record: HubRecord? = nil,
        metrics: any MetricsFactory,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        time: @escaping @Sendable () -> UInt64
    ) {
        self.configuration = configuration
        self.record = record
        self.hub = hub
        self.now = now
        self.time = time
        let counters = Saving.allCases.map { saving in
            let labels = [("reason", saving.rawValue)]
            return (saving, Counter(label: "xet_hub_requests_saved_total", dimensions: labels, factory: metrics))
        }
        savings = Dictionary(uniqueKeysWithValues: counters)
    }

    /// When what an archive has may stand in, while the Hub does not answer.
    var archiveTerms: HubRecord.Terms {
        configuration.isOffline ? .offline : .within(max(configuration.stale, configuration.lease))
    }

    /// The answer to a question: one that is known and still good, or what `ask` gives.
    ///
    /// `authorization` is what the caller sends, by which an archive knows it.
    ///
    /// `ask` gets whether it may take as long as usual; otherwise something is known, and the Hub is to be given up after
    /// ``briefWait``. It gives `nil` for what is not to be shared, and so does this: whoever gets that without having been asked
    /// asks on its own.
    func answer(
        to question: HubQuestion,
        from authorization: String?,
        _ ask: (_ isPatient: Bool) async throws -> HubAnswer?
    ) async throws -> HubAnswer? {
        if let answer = leased(question) { return answer }
        let moment = moment(question)
        let (answer, isShared) = try await requests.value(for: moment) {
            if let answer = leased(question) { return answer }
            return try await fresh(moment, authorization, ask)
        }
        if isShared, answer != nil { count(.joined) }
        return answer
    }

    /// Ends what is known of a repository, or of all if it is not known which one: something is changed there.
    func end(_ repository: Repository?) {
        state.withLock { state in
            state.endingCount += 1
            let name = repository?.name.lowercased()
            for (question, entry) in state.entries.values.joined() {
                // It may be known by another name as well.
                guard name == nil || question.repository.name.lowercased() == name || entry.isElsewhere else {
                    continue
                }
                Self.remove(question, &state)
            }
        }
    }

    /// Bytes that are remembered, and answers.
    var counts: (bytes: Int, answers: Int) {
        state.withLock { ($0.byteCount, $0.entries.values.reduce(0) { $0 + $1.count }) }
    }
}

// MARK: Asking

extension HubLeases {
    private func fresh(
        _ moment: Moment,
        _ authorization: String?,
        _ ask: (_ isPatient: Bool) async throws -> HubAnswer?
    ) async throws -> HubAnswer? {
        let question = moment.question
        // Both again when it stands in, since they may have been ended while the Hub was asked.
        func standIn() async -> HubAnswer? {
            if let known = known(question) {
                count(.stale)
                return known
            }
            guard let archived = await archived(moment, authorization) else { return nil }
            count(.archive)
            return archived
        }
        var isKnown = known(question) != nil
        // Whoever asks for a content has just asked what the file is, and would know that the Hub is away.
        if !isKnown, !question.isForContent { isKnown = await archived(moment, authorization) != nil }
        if isHeld(question), let answer = await standIn() { return answer }
        let start = now()
        let answer: HubAnswer?
        do {
            answer = try await ask(!isKnown)
        } catch let error as XetError where error.isUnanswered {
            // A failure of its own is soon asked about again, silence takes long.
            if ![.unavailable, .offline].contains(error.code) { hold(question, error.retryAfter) }
            guard let answer = await standIn() else { throw error }
            return answer
        }
        guard let answer else { return nil }
        noteBudget(question, answer.head.headerFields)
        switch answer.meaning {
        case .permitted:
            if keep(answer, moment, askedAt: start), answer.expiration == nil {
                await record?.note(answer, to: question, from: authorization)
            }
        case .denied:
            refuse(question)
            await record?.refuse(answer, to: question, from: authorization)
        case .none:
            if answer.head.status == .tooManyRequests { hold(question, Self.wait(answer.head)) }
            return await standIn() ?? answer
        case .other:
            break
        }
        return answer
    }

    /// What an archive says, unless something was changed or refused since the question came.
    private func archived(_ moment: Moment, _ authorization: String?) async -> HubAnswer? {
        let answer = await record?.answer(to: moment.question, from: authorization, archiveTerms)
        return self.moment(moment.question) == moment ? answer : nil
    }

    private static func wait(_ head: HTTPResponse) -> Int? {
        head.headerFields[.retryAfter].flatMap { Int($0) } ?? RateLimitHeader.wait(head.headerFields)
    }

    private func count(_ saving: Saving) { savings[saving]?.increment() }

    private func moment(_ question: HubQuestion) -> Moment {
        state.withLock { state in
            Moment(
                question: question,
                endingCount: state.endingCount,
                denialCount: state.denialCounts[Relation(question)] ?? 0
            )
        }
    }
}

// MARK: What is known

extension HubLeases {
    /// What holds without asking.
    private func leased(_ question: HubQuestion) -> HubAnswer? {
        guard configuration.lease > .zero, let answer = find(question, within: configuration.lease) else { return nil }
        count(.lease)
        return answer
    }

    /// What may stand in for an answer.
    private func known(_ question: HubQuestion) -> HubAnswer? {
        find(question, within: max(configuration.stale, configuration.lease))
    }

    private func find(_ question: HubQuestion, within age: Duration) -> HubAnswer? {
        let (now, time) = (now(), time())
        return state.withLock { state in
            let relation = Relation(question)
            guard let entry = state.entries[relation]?[question], now - entry.askedAt < age,
                entry.answer.expiration.map({ time < $0 }) ?? true
            else { return nil }
            state.useCount += 1
            state.entries[relation]?[question]?.lastUse = state.useCount
            return entry.answer.aged((now - entry.askedAt).components.seconds)
        }
    }

    /// Remembers an answer, if it is not too long; returns whether nothing was changed or refused since the question came.
    private func keep(_ answer: HubAnswer, _ moment: Moment, askedAt: ContinuousClock.Instant) -> Bool {
        let question = moment.question
        let byteCount = answer.byteCount + question.byteCount + Self.overheadByteCount
        let isElsewhere = answer.isAlias(of: hub) || answer.address != hub.appending(question.target)
        return state.withLock { state in
            // What was changed or refused meanwhile may have been asked before.
            guard state.endingCount == moment.endingCount,
                state.denialCounts[Relation(question)] ?? 0 == moment.denialCount
            else { return false }
            guard answer.body.readableBytes <= Self.answerByteCount else { return true }
            state.useCount += 1
            let entry = Entry(
                answer: answer,
                askedAt: askedAt,
                byteCount: byteCount,
                isElsewhere: isElsewhere,
                lastUse: state.useCount
            )
            let before = state.entries[Relation(question), default: [:]].updateValue(entry, forKey: question)
            state.byteCount += byteCount - (before?.byteCount ?? 0)
            guard state.byteCount > configuration.byteCount else { return true }
            // Half of it at once, so that it is seldom.
            let uses = state.entries.values.joined().sorted { $0.value.lastUse < $1.value.lastUse }
            for (question, _) in uses {
                guard state.byteCount > configuration.byteCount / 2 else { return true }
                Self.remove(question, &state)
            }
            return true
        }
    }

    /// Forgets what a caller was told of a repository that it may not see, or not all of.
    private func refuse(_ question: HubQuestion) {
        state.withLock { state in
            let relation = Relation(question)
            if state.denialCounts.count >= Self.mostMarkCount {
                state.denialCounts = [:]
                state.endingCount += 1
            }
            state.denialCounts[relation, default: 0] += 1
            for entry in (state.entries.removeValue(forKey: relation) ?? [:]).values {
                state.byteCount -= entry.byteCount
            }
        }
    }

    private static func remove(_ question: HubQuestion, _ state: inout State) {
        let relation = Relation(question)
        state.byteCount -= state.entries[relation]?.removeValue(forKey: question)?.byteCount ?? 0
        if state.entries[relation]?.isEmpty == true { state.entries[relation] = nil }
    }
}

// MARK: When the Hub is not asked

extension HubLeases {
    /// Whether what is known is to be used without asking.
    private func isHeld(_ question: HubQuestion) -> Bool {
        let now = now()
        return state.withLock { state in state.heldUntil[question.budget].map { now < $0 } ?? false }
    }

    /// The Hub did not answer, or has had enough of this caller.
    private func hold(_ question: HubQuestion, _ seconds: Int?) {
        let until = now() + (seconds.map { Duration.seconds($0) } ?? Self.silenceTime)
        state.withLock { state in
            if state.heldUntil.count >= Self.mostMarkCount { state.heldUntil = [:] }
            state.heldUntil[question.budget] = until
        }
    }

    /// Takes note of how many requests a caller has left.
    ///
    /// If those are few, leases hold until there are more. Without leases the operator wants each question to be asked.
    private func noteBudget(_ question: HubQuestion, _ headers: HTTPFields) {
        guard configuration.lease > .zero, let seconds = RateLimitHeader.shortage(headers) else { return }
        hold(question, seconds)
    }
}
