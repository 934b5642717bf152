import Testing
import XetTestSupport

@testable import XetDownload

/// Downloads that share a ``BudgetStateMachine``, and a plain account of what it should do.
///
/// Each has fetches that are asked for in the order of the file; heads come in any order; a reader takes what is there.
/// Every event is followed by a look at all invariants.
struct BudgetCrowd {
    typealias Machine = BudgetStateMachine

    /// What a crowd is like.
    struct Kind {
        var downloadCount = 8
        var fetchCount = 1...8
        var fetchByteCount = 1...400
        /// What a fetch asks for at most, unless it is kept.
        var roomByteCount = 150
        var leastByteCount = 20
        var wishByteCount = 1...1200
        var wishFetchCount = 1...6
        var limits = Machine.Limits(byteCount: 1000, spareByteCount: 100, aheadByteCount: 1500, placeByteCount: 7)
        /// One in so many fetches keeps its chunks until a later one was delivered; none if 0.
        var keptPart = 0
        /// One in so many readers stops for good; none if 0.
        var stoppingPart = 4
        /// Most that is held for something else.
        var elsewhereByteCount = 700
        /// Whether downloads are cancelled now and then.
        var isLeaving = true
    }

    private enum Stage {
        case planned
        case asksForPlace(Machine.Ticket)
        /// The GET is under way, without a head.
        case placed
        case asksForBytes(Machine.Ticket, Machine.Demand)
        case open

        var ticket: Machine.Ticket? {
            switch self {
            case .asksForPlace(let ticket), .asksForBytes(let ticket, _): ticket
            case .planned, .placed, .open: nil
            }
        }
    }

    private struct Fetch {
        let plan: Machine.Fetch
        /// The fetch after whose delivery its memory is given back: itself, or a later one.
        let keptUntil: Int
        var stage = Stage.planned
        var hasPlace = false
        var wasPlaced = false
        var isEnded = false
        var granted = 0
        var rest: Int
    }

    private enum Class: Int { case thirsty, stranded, foresighted }

    private struct Download {
        let id: Machine.DownloadID
        let isStopping: Bool
        var wish: Machine.Wish
        var fetches: [Fetch]
        /// The fetch that is being read.
        var position = 0
        var needed = -1
        /// The fetch at which its reader stops, if it does.
        let stop: Int
        /// Where it waits, and since when.
        var line: (class: Class, since: Int)?

        var isDone: Bool { position == fetches.count }
        var isStopped: Bool { isStopping && position >= stop }
        var ahead: Int { fetches.reduce(0) { $0 + ($1.wasPlaced ? $1.rest : 0) } }
        var weight: Int { fetches.reduce(0) { $0 + ($1.hasPlace ? $1.plan.weight : 0) } }
    }

    private enum Action {
        case open
        case askForPlace(Int)
        case head(Int, fetch: Int)
        case need(Int)
        case take(Int)
        case endPlace(Int, fetch: Int)
        case fail(Int, fetch: Int)
        case withdraw(Int, Machine.Ticket)
        case change(Int)
        case leave(Int)
        case elsewhere
    }

    private let kind: Kind
    private var machine: Machine
    private var random: SplitMix64
    private var downloads: [Download] = []
    private var openedCount = 0
    private var ticketCount = 0
    private var stepCount = 0
    private var elsewhere = 0
    private var joinCount = 0
    private var isWrong = false
    /// Who was let through without memory, and what of that it has not given back.
    private var favourite: (id: Machine.DownloadID, owed: Int)?
    /// Most that one download needs at a time.
    private var largestNeed = 0
    /// Most that was held.
    private(set) var mostHeld = 0
    /// Downloads that were delivered to the end.
    private(set) var deliveredCount = 0

    init(_ kind: Kind, seed: UInt64) {
        self.kind = kind
        machine = Machine(kind.limits)
        random = SplitMix64(seed: seed)
    }

    /// Runs until all have ended; records an issue if somebody waits for ever.
    mutating func run() {
        while !isWrong {
            stepCount += 1
            if let action = actions().randomElement(using: &random) {
                let isTroubled = Int.random(in: 0..<8, using: &random) == 0
                perform(isTroubled ? troubles().randomElement(using: &random) ?? action : action)
            } else if let stopped = downloads.firstIndex(where: \.isStopped) {
                // Nobody else gets on: the reader has been blocked for too long.
                leave(stopped)
            } else {
                break
            }
            check()
        }
        // One fault is enough: what follows from it says nothing.
        guard !isWrong else { return }
        #expect(downloads.isEmpty, "somebody waits for ever")
        #expect(openedCount == kind.downloadCount)
        #expect(machine.heldByteCount == 0)
        #expect(machine.downloadCount == 0)
    }

    // MARK: What may happen

    /// What brings somebody on.
    private func actions() -> [Action] {
        (openedCount < kind.downloadCount ? [.open] : [])
            + downloads.enumerated().flatMap { index, download in actions(of: download, index) }
    }

    private func actions(of download: Download, _ index: Int) -> [Action] {
        var actions: [Action] = []
        for (number, fetch) in download.fetches.enumerated() {
            switch fetch.stage {
            case .placed: actions.append(.head(index, fetch: number))
            case .open where fetch.hasPlace && fetch.rest <= fetch.granted:
                actions.append(.endPlace(index, fetch: number))
            default: break
            }
        }
        // One request for a place waits at a time.
        if case .planned = download.fetches.first(where: { !$0.wasPlaced })?.stage {
            actions.append(.askForPlace(index))
        }
        guard !download.isStopped else { return actions }
        if case .open = download.fetches[download.position].stage {
            actions.append(.take(index))
        } else if download.needed < download.position {
            actions.append(.need(index))
        }
        return actions
    }

    /// What brings nobody on.
    private func troubles() -> [Action] {
        var troubles: [Action] = kind.elsewhereByteCount > 0 ? [.elsewhere] : []
        for (index, download) in downloads.enumerated() {
            troubles.append(.change(index))
            if kind.isLeaving { troubles.append(.leave(index)) }
            for (number, fetch) in download.fetches.enumerated() {
                switch fetch.stage {
                case .asksForPlace(let ticket), .asksForBytes(let ticket, _): troubles.append(.withdraw(index, ticket))
                case .open where fetch.hasPlace: troubles.append(.fail(index, fetch: number))
                default: break
                }
            }
        }
        return troubles
    }

    // MARK: Events

    private mutating func perform(_ action: Action) {
        switch action {
        case .open: open()
        case .askForPlace(let index): askForPlace(index)
        case .head(let index, let fetch): askForBytes(index, fetch)
        case .need(let index):
            downloads[index].needed = downloads[index].position
            changed(index)
            note(machine.need(downloads[index].position, of: downloads[index].id))
        case .take(let index): take(index)
        case .endPlace(let index, let fetch): endPlace(index, fetch)
        case .fail(let index, let fetch):
            // A GET fails: what has not come is given back, and asked for again with the next head.
            let granted = downloads[index].fetches[fetch].granted
            downloads[index].fetches[fetch].granted = 0
            downloads[index].fetches[fetch].stage = .placed
            changed(index)
            payBack(granted, downloads[index].id)
            note(machine.release(held: granted, of: downloads[index].id))
        case .withdraw(let index, let ticket): withdraw(index, ticket)
        case .change(let index):
            downloads[index].wish = wish()
            // What it may have follows from all wishes, the new one among them.
            let grants = machine.change(downloads[index].wish, of: downloads[index].id)
            changed(index)
            note(grants)
        case .leave(let index): leave(index)
        case .elsewhere:
            elsewhere = Int.random(in: 0...kind.elsewhereByteCount, using: &random)
            note(machine.note(elsewhere: elsewhere))
        }
    }

    private mutating func ticket() -> Machine.Ticket {
        ticketCount += 1
        return Machine.Ticket(number: ticketCount)
    }

    private mutating func wish() -> Machine.Wish {
        Machine.Wish(
            byteCount: Int.random(in: kind.wishByteCount, using: &random),
            fetchCount: Int.random(in: kind.wishFetchCount, using: &random)
        )
    }

    private mutating func open() {
        openedCount += 1
        let count = Int.random(in: kind.fetchCount, using: &random)
        let fetches = (0..<count).map { ordinal in
            let byteCount = Int.random(in: kind.fetchByteCount, using: &random)
            let isKept = kind.keptPart > 0 && Int.random(in: 0..<kind.keptPart, using: &random) == 0
            return Fetch(
                plan: Machine.Fetch(
                    ordinal: ordinal,
                    byteCount: byteCount,
                    weight: byteCount < 100 ? 1 : Machine.fullWeight
                ),
                keptUntil: isKept ? min(count - 1, ordinal + 2) : ordinal,
                rest: byteCount
            )
        }
        let kept = fetches.filter { $0.keptUntil > $0.plan.ordinal }.reduce(0) { $0 + $1.rest }
        largestNeed = max(largestNeed, kept + kind.leastByteCount + kind.limits.placeByteCount)
        let wish = wish()
        let isStopping = kind.stoppingPart > 0 && Int.random(in: 0..<kind.stoppingPart, using: &random) == 0
        downloads.append(
            Download(
                id: machine.open(wish),
                isStopping: isStopping,
                wish: wish,
                fetches: fetches,
                stop: Int.random(in: 0..<count, using: &random)
            )
        )
    }

    private mutating func askForPlace(_ index: Int) {
        let number = downloads[index].fetches.firstIndex { if case .planned = $0.stage { true } else { false } }
        guard let number else { return }
        let ticket = ticket()
        downloads[index].fetches[number].stage = .asksForPlace(ticket)
        changed(index)
        note(machine.ask(downloads[index].fetches[number].plan, ticket, of: downloads[index].id))
    }

    private mutating func askForBytes(_ index: Int, _ number: Int) {
        let fetch = downloads[index].fetches[number]
        let byteCount = fetch.keptUntil > number ? fetch.rest : min(fetch.rest, kind.roomByteCount)
        let demand = Machine.Demand(
            ordinal: number,
            byteCount: byteCount,
            leastByteCount: fetch.keptUntil > number ? byteCount : min(byteCount, kind.leastByteCount)
        )
        let ticket = ticket()
        downloads[index].fetches[number].stage = .asksForBytes(ticket, demand)
        changed(index)
        note(machine.ask(demand, ticket, of: downloads[index].id))
    }

    /// The reader takes some bytes of the fetch where it is.
    private mutating func take(_ index: Int) {
        let position = downloads[index].position
        let fetch = downloads[index].fetches[position]
        let count = Int.random(in: 1...max(1, min(fetch.rest, fetch.granted)), using: &random)
        downloads[index].fetches[position].rest -= count
        let rest = fetch.rest - count
        var released = fetch.keptUntil > position ? 0 : max(0, fetch.granted - rest)
        downloads[index].fetches[position].granted -= released
        if rest == 0 {
            downloads[index].position += 1
            // What was kept for this one is not needed any more.
            for number in 0..<position where downloads[index].fetches[number].keptUntil == position {
                released += downloads[index].fetches[number].granted
                downloads[index].fetches[number].granted = 0
            }
        }
        changed(index)
        payBack(released, downloads[index].id)
        note(machine.release(held: released, ahead: count, of: downloads[index].id))
        if rest == 0, downloads[index].fetches[position].hasPlace { endPlace(index, position) }
        if downloads[index].isDone {
            deliveredCount += 1
            leave(index)
        }
    }

    private mutating func endPlace(_ index: Int, _ number: Int) {
        downloads[index].fetches[number].hasPlace = false
        changed(index)
        payBack(kind.limits.placeByteCount, downloads[index].id)
        note(machine.endPlace(of: downloads[index].fetches[number].plan, of: downloads[index].id))
    }

    private mutating func withdraw(_ index: Int, _ ticket: Machine.Ticket) {
        for number in downloads[index].fetches.indices {
            switch downloads[index].fetches[number].stage {
            case .asksForPlace(ticket): downloads[index].fetches[number].stage = .planned
            case .asksForBytes(ticket, _): downloads[index].fetches[number].stage = .placed
            default: continue
            }
        }
        changed(index)
        let (isWithdrawn, grants) = machine.withdraw(ticket, of: downloads[index].id)
        #expect(isWithdrawn)
        note(grants)
    }

    /// A download ends: since it is over, failed, was cancelled, or its reader is blocked.
    private mutating func leave(_ index: Int) {
        let download = downloads.remove(at: index)
        payBack(.max, download.id)
        let (withdrawn, grants) = machine.close(download.id)
        #expect(Set(withdrawn) == Set(download.fetches.compactMap(\.stage.ticket)))
        note(grants)
        #expect(!machine.isOpen(download.id))
    }

    // MARK: The plain account

    /// What a download waits for, as things stand.
    private func line(of download: Download) -> Class? {
        for fetch in download.fetches {
            if case .asksForBytes = fetch.stage {
                return fetch.plan.ordinal <= download.needed ? .thirsty : .foresighted
            }
        }
        for fetch in download.fetches {
            guard case .asksForPlace = fetch.stage else { continue }
            if fetch.plan.ordinal <= download.needed { return .stranded }
            if download.weight == 0, download.ahead == 0 { return .foresighted }
            let allowance = machine.allowance(of: download.id)
            let isAllowed =
                download.ahead + fetch.plan.byteCount <= allowance.byteCount
                && download.weight < allowance.fetchCount * Machine.fullWeight
            return isAllowed ? .foresighted : nil
        }
        return nil
    }

    /// Notes where a download waits after an event of its own.
    private mutating func changed(_ index: Int) {
        let line = line(of: downloads[index])
        guard line != downloads[index].line?.class else { return }
        joinCount += 1
        downloads[index].line = line.map { ($0, joinCount) }
    }

    private mutating func payBack(_ byteCount: Int, _ id: Machine.DownloadID) {
        guard let (favoured, owed) = favourite, favoured == id else { return }
        favourite = owed > byteCount ? (id, owed - byteCount) : nil
    }

    /// Whoever is first: of the first class in which somebody waits, who has waited there for longest.
    private var first: Int? {
        downloads.indices.filter { downloads[$0].line != nil }.min { one, other in
            guard let one = downloads[one].line, let other = downloads[other].line else { return false }
            return (one.class.rawValue, one.since) < (other.class.rawValue, other.since)
        }
    }

    /// Who is let through next, and whether without memory: who is first, or the favourite if its reader waits.
    private var next: (index: Int, isFavoured: Bool)? {
        guard let first, let number = next(of: downloads[first]) else { return nil }
        if hasRoom(for: downloads[first].fetches[number], isNeeded: number <= downloads[first].needed) {
            return (first, false)
        }
        let favoured = favourite.map { favourite in downloads.firstIndex { $0.id == favourite.id } } ?? first
        guard let favoured, let line = downloads[favoured].line, line.class != .foresighted else { return nil }
        return (favoured, true)
    }

    private func hasRoom(for fetch: Fetch, isNeeded: Bool) -> Bool {
        let free = kind.limits.byteCount - held - min(elsewhere, kind.limits.byteCount / 2)
        if case .asksForBytes(_, let demand) = fetch.stage {
            return demand.byteCount <= free
                || isNeeded && demand.leastByteCount <= free + kind.limits.spareByteCount
        }
        let place = kind.limits.placeByteCount
        let placesByteCount = downloads.reduce(0) { $0 + place * $1.fetches.count { $0.hasPlace } }
        return place <= free && (isNeeded || placesByteCount + place <= kind.limits.byteCount / 2)
    }

    private mutating func note(_ grants: [Machine.Grant]) {
        if held + min(elsewhere, kind.limits.byteCount / 2) <= kind.limits.byteCount { favourite = nil }
        for grant in grants {
            guard let (index, isFavoured) = next, let number = next(of: downloads[index]) else {
                return fail("somebody was let through who should wait")
            }
            switch downloads[index].fetches[number].stage {
            case .asksForPlace(grant.ticket):
                #expect(grant.byteCount == kind.limits.placeByteCount)
                downloads[index].fetches[number].stage = .placed
                downloads[index].fetches[number].hasPlace = true
                downloads[index].fetches[number].wasPlaced = true
            case .asksForBytes(grant.ticket, let demand):
                #expect(grant.byteCount == demand.byteCount || grant.byteCount == demand.leastByteCount)
                downloads[index].fetches[number].stage = .open
                downloads[index].fetches[number].granted += grant.byteCount
            default:
                return fail("somebody was overtaken")
            }
            if isFavoured { favourite = (downloads[index].id, grant.byteCount + (favourite?.owed ?? 0)) }
            // Behind all others, if it asks for more.
            downloads[index].line = nil
            changed(index)
        }
        if let next { fail("somebody could go on: \(next)") }
    }

    /// The fetch whose request is the first of its download.
    private func next(of download: Download) -> Int? {
        download.fetches.firstIndex { if case .asksForBytes = $0.stage { true } else { false } }
            ?? download.fetches.firstIndex { if case .asksForPlace = $0.stage { true } else { false } }
    }

    private mutating func fail(_ comment: String) {
        guard !isWrong else { return }
        isWrong = true
        Issue.record("\(comment), after step \(stepCount)")
    }

    /// What all hold.
    private var held: Int {
        downloads.reduce(0) { sum, download in
            download.fetches.reduce(sum) { $0 + $1.granted + ($1.hasPlace ? kind.limits.placeByteCount : 0) }
        }
    }

    private mutating func check() {
        let held = held
        if machine.heldByteCount != held { fail("\(machine.heldByteCount) bytes are held, not \(held)") }
        #expect(downloads.allSatisfy { $0.fetches.allSatisfy { $0.granted >= 0 && $0.rest >= 0 } })
        mostHeld = max(mostHeld, held)
        #expect(held <= kind.limits.byteCount + kind.limits.spareByteCount + max(largestNeed, kind.roomByteCount))
    }
}
