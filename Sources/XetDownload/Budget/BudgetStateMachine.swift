/// Who may ask upstream for how much, and who may hold how much memory; without a lock, a clock or a task.
///
/// Every event returns the requests that it lets through. A fetch asks twice. Before its GET it asks for a *place*: a
/// connection, the memory that one takes, and a part of what its download may have ahead of its reader. When the head
/// has come it asks for *bytes*: the memory for its chunks. What was asked for and has not come takes none, so that
/// far more can be on the way than fits into memory.
///
/// A download has ahead of its reader what it wants (``Wish``) while all wishes together fit; otherwise each is cut in
/// the same proportion. A wish says what a reader can take, so a fast one keeps nearly all beside any number of slow ones.
///
/// Memory goes first to fetches that readers wait for, then to others, in the order of arrival among the downloads and in
/// the order of the file within one. Bytes that a reader waits for may use the spare memory too, some chunks at a time.
/// If that is used up as well, one download is the favourite: it gets what its reader waits for whatever is taken, until
/// it has given back as much. So nobody waits for ever, not even for one another.
///
/// Every event takes a time that does not grow with the number of downloads.
struct BudgetStateMachine: Sendable {
    /// What all downloads share.
    struct Limits: Hashable, Sendable {
        /// Memory for places and bytes.
        var byteCount: Int
        /// Memory beyond that, for bytes that readers wait for.
        var spareByteCount: Int
        /// Bytes that all downloads together may have ahead of their readers, on the way or in memory.
        var aheadByteCount: Int
        /// Memory that a place takes.
        var placeByteCount: Int
    }

    /// What a download wants to have ahead of its reader.
    struct Wish: Hashable, Sendable {
        var byteCount: Int
        /// GETs at once.
        var fetchCount: Int
    }

    /// A fetch that asks for a place.
    struct Fetch: Hashable, Sendable {
        /// Its number among the fetches of its download, in the order of the file.
        let ordinal: Int
        /// Unpacked bytes of it that will be delivered.
        let byteCount: Int
        /// What it counts among the GETs of its download: ``fullWeight``, or less if it is small.
        let weight: Int
    }

    /// A fetch that asks for memory.
    struct Demand: Hashable, Sendable {
        let ordinal: Int
        /// What it wants.
        let byteCount: Int
        /// What it takes if its reader waits and there is not more.
        let leastByteCount: Int
    }

    /// A request that is let through.
    struct Grant: Hashable, Sendable {
        let ticket: Ticket
        /// Memory that is granted.
        let byteCount: Int
    }

    /// Names a download while it is open.
    struct DownloadID: Hashable, Sendable {
        fileprivate let number: Int
    }

    /// Names a request while it waits.
    struct Ticket: Hashable, Sendable {
        let number: Int
    }

    /// What a fetch counts that is not small.
    static let fullWeight = 4

    private struct Download {
        var wish: Wish
        /// Bytes that fetches with a place will deliver or have not delivered yet.
        var ahead = 0
        var weight = 0
        var placeCount = 0
        /// Memory of its places and bytes.
        var held = 0
        /// The fetch that its reader waits for; those before it were waited for.
        var needed = -1
        var place: (fetch: Fetch, ticket: Ticket)?
        /// In the order of the file; there are at most as many as GETs.
        var demands: [(demand: Demand, ticket: Ticket)] = []
    }

    private let limits: Limits
    private var nextNumber = 0
    private var downloads: [DownloadID: Download] = [:]
    /// Downloads whose readers wait for bytes of fetches that have a place.
    private var thirsty = WaitingLine<DownloadID>()
    /// Downloads whose readers wait for a fetch that has no place.
    private var stranded = WaitingLine<DownloadID>()
    /// Downloads that ask for what their readers do not wait for yet, and may have it if there is memory.
    private var foresighted = WaitingLine<DownloadID>()
    private var wishedByteCount = 0
    /// Memory of all downloads.
    private(set) var heldByteCount = 0
    /// The part of it that is for places.
    private var placesByteCount = 0
    /// Memory that is held for something else.
    private var elsewhereByteCount = 0
    /// The download that gets what its reader waits for, since memory was used up, and what of that it has not given back.
    private var favourite: (id: DownloadID, owedByteCount: Int)?

    init(_ limits: Limits) {
        self.limits = limits
    }

    var downloadCount: Int { downloads.count }

    func isOpen(_ id: DownloadID) -> Bool { downloads[id] != nil }

    /// Whether readers wait for what there is no memory for.
    var isShort: Bool { thirsty.first != nil || stranded.first != nil }
}

// MARK: Events

extension BudgetStateMachine {
    /// Begins a download.
    mutating func open(_ wish: Wish) -> DownloadID {
        nextNumber += 1
        let id = DownloadID(number: nextNumber)
        downloads[id] = Download(wish: wish)
        wishedByteCount += wish.byteCount
        return id
    }

    /// Ends a download: what it holds is given back, what it asks for is withdrawn.
    mutating func close(_ id: DownloadID) -> (withdrawn: [Ticket], grants: [Grant]) {
        guard let download = downloads.removeValue(forKey: id) else { return ([], []) }
        wishedByteCount -= download.wish.byteCount
        heldByteCount -= download.held
        placesByteCount -= download.placeCount * limits.placeByteCount
        leaveLines(id)
        if favourite?.id == id { favourite = nil }
        let withdrawn = download.demands.map(\.ticket) + (download.place.map { [$0.ticket] } ?? [])
        return (withdrawn, grants())
    }

    /// Changes what a download wants.
    mutating func change(_ wish: Wish, of id: DownloadID) -> [Grant] {
        guard let before = downloads[id]?.wish else { return [] }
        downloads[id]?.wish = wish
        wishedByteCount += wish.byteCount - before.byteCount
        return grants(after: id)
    }

    /// Asks for a place; at most one request of a download waits, and they come in the order of the file.
    mutating func ask(_ fetch: Fetch, _ ticket: Ticket, of id: DownloadID) -> [Grant] {
        assert(downloads[id]?.place == nil)
        downloads[id]?.place = (fetch, ticket)
        return grants(after: id)
    }

    /// Asks for memory for what comes over a place.
    mutating func ask(_ demand: Demand, _ ticket: Ticket, of id: DownloadID) -> [Grant] {
        guard var demands = downloads[id]?.demands else { return [] }
        let index = demands.firstIndex { $0.demand.ordinal > demand.ordinal } ?? demands.endIndex
        demands.insert((demand, ticket), at: index)
        downloads[id]?.demands = demands
        return grants(after: id)
    }

    /// Takes back a request; returns whether it was still waiting.
    mutating func withdraw(_ ticket: Ticket, of id: DownloadID) -> (isWithdrawn: Bool, grants: [Grant]) {
        guard var download = downloads[id] else { return (false, []) }
        if download.place?.ticket == ticket {
            download.place = nil
        } else if let index = download.demands.firstIndex(where: { $0.ticket == ticket }) {
            download.demands.remove(at: index)
        } else {
            return (false, [])
        }
        downloads[id] = download
        return (true, grants(after: id))
    }

    /// Notes that the reader waits for a fetch that has no place, or no bytes, yet.
    mutating func need(_ ordinal: Int, of id: DownloadID) -> [Grant] {
        guard let download = downloads[id], ordinal > download.needed else { return [] }
        downloads[id]?.needed = ordinal
        return grants(after: id)
    }

    /// Takes back memory that a fetch does not need any more, and notes what was delivered of it.
    mutating func release(held: Int, ahead: Int = 0, of id: DownloadID) -> [Grant] {
        guard downloads[id] != nil else { return [] }
        downloads[id]?.held -= held
        downloads[id]?.ahead -= ahead
        heldByteCount -= held
        if let (favoured, owed) = favourite, favoured == id { favourite = owed > held ? (id, owed - held) : nil }
        return grants(after: id)
    }

    /// Takes back the place of a fetch whose GETs are over.
    mutating func endPlace(of fetch: Fetch, of id: DownloadID) -> [Grant] {
        guard downloads[id] != nil else { return [] }
        downloads[id]?.weight -= fetch.weight
        downloads[id]?.placeCount -= 1
        placesByteCount -= limits.placeByteCount
        return release(held: limits.placeByteCount, of: id)
    }

    /// Notes how much memory is held for what is no download.
    mutating func note(elsewhere byteCount: Int) -> [Grant] {
        elsewhereByteCount = byteCount
        return grants()
    }
}

// MARK: Decisions

extension BudgetStateMachine {
    /// What a download may have ahead of its reader now, and how many GETs at once.
    func allowance(of id: DownloadID) -> Wish {
        guard let wish = downloads[id]?.wish else { return Wish(byteCount: 0, fetchCount: 0) }
        return Wish(byteCount: granted(wish), fetchCount: wish.fetchCount)
    }

    private func granted(_ wish: Wish) -> Int {
        guard wishedByteCount > limits.aheadByteCount else { return wish.byteCount }
        return Int(Double(wish.byteCount) / Double(wishedByteCount) * Double(limits.aheadByteCount))
    }

    /// Whether a place keeps to what its download may have; one at a time it has in any case.
    private func isAllowed(_ fetch: Fetch, _ download: Download) -> Bool {
        if fetch.ordinal <= download.needed || download.weight == 0 && download.ahead == 0 { return true }
        return download.ahead + fetch.byteCount <= granted(download.wish)
            && download.weight < download.wish.fetchCount * Self.fullWeight
    }

    /// What is taken; of what is held elsewhere at most half counts, so that it alone never stops a download.
    private var occupied: Int { heldByteCount + min(elsewhereByteCount, limits.byteCount / 2) }

    private func fits(_ byteCount: Int, in whole: Int) -> Bool { occupied + byteCount <= whole }

    /// Puts a download where it belongs after something about it has changed, then lets through whoever may go on.
    private mutating func grants(after id: DownloadID) -> [Grant] {
        join(id)
        return grants()
    }

    /// Puts a download into the one line where it belongs; it keeps its place if that is where it is.
    private mutating func join(_ id: DownloadID) {
        guard let download = downloads[id] else { return }
        let line = line(of: download)
        if line != .thirsty { thirsty.remove(id) }
        if line != .stranded { stranded.remove(id) }
        if line != .foresighted { foresighted.remove(id) }
        switch line {
        case .thirsty: thirsty.append(id)
        case .stranded: stranded.append(id)
        case .foresighted: foresighted.append(id)
        case nil: break
        }
    }

    private mutating func leaveLines(_ id: DownloadID) {
        thirsty.remove(id)
        stranded.remove(id)
        foresighted.remove(id)
    }

    private enum Line { case thirsty, stranded, foresighted }

    private func line(of download: Download) -> Line? {
        if let first = download.demands.first {
            return first.demand.ordinal <= download.needed ? .thirsty : .foresighted
        }
        guard let fetch = download.place?.fetch, isAllowed(fetch, download) else { return nil }
        return fetch.ordinal <= download.needed ? .stranded : .foresighted
    }

    /// Lets through whoever may go on.
    ///
    /// Who waits for memory is not overtaken by those that need it less.
    private mutating func grants() -> [Grant] {
        if occupied <= limits.byteCount { favourite = nil }
        var grants: [Grant] = []
        while let id = thirsty.first ?? stranded.first ?? foresighted.first {
            guard let grant = next(of: id) ?? favoured() else { break }
            grants.append(grant)
        }
        return grants
    }

    /// Grants what the favourite's reader waits for; there is a favourite if somebody's reader waits.
    private mutating func favoured() -> Grant? {
        let needed = favourite?.id ?? thirsty.first ?? stranded.first
        guard let id = needed, thirsty.contains(id) || stranded.contains(id),
            let grant = next(of: id, isFavoured: true)
        else { return nil }
        favourite = (id, grant.byteCount + (favourite?.owedByteCount ?? 0))
        return grant
    }

    /// Grants the first request of a download, bytes before a place, if there is memory for it.
    private mutating func next(of id: DownloadID, isFavoured: Bool = false) -> Grant? {
        guard let download = downloads[id] else { return nil }
        let grant: Grant
        if let (demand, ticket) = download.demands.first {
            guard let byteCount = amount(for: demand, of: download, isFavoured: isFavoured) else {
                return nil
            }
            downloads[id]?.demands.removeFirst()
            grant = Grant(ticket: ticket, byteCount: byteCount)
        } else if let (fetch, ticket) = download.place {
            guard isFavoured || isPlaceFree(needed: fetch.ordinal <= download.needed) else { return nil }
            downloads[id]?.place = nil
            downloads[id]?.placeCount += 1
            placesByteCount += limits.placeByteCount
            downloads[id]?.ahead += fetch.byteCount
            downloads[id]?.weight += fetch.weight
            grant = Grant(ticket: ticket, byteCount: limits.placeByteCount)
        } else {
            return nil
        }
        downloads[id]?.held += grant.byteCount
        heldByteCount += grant.byteCount
        // Behind all others, if it asks for more.
        leaveLines(id)
        join(id)
        return grant
    }

    /// Whether there is memory for a place.
    ///
    /// Places leave the spare memory alone: it is for bytes, with which a fetch goes on. What nobody waits for yet leaves them
    /// half of the rest as well.
    private func isPlaceFree(needed isNeeded: Bool) -> Bool {
        guard fits(limits.placeByteCount, in: limits.byteCount) else { return false }
        return isNeeded || placesByteCount + limits.placeByteCount <= limits.byteCount / 2
    }

    private func amount(for demand: Demand, of download: Download, isFavoured: Bool) -> Int? {
        if fits(demand.byteCount, in: limits.byteCount) { return demand.byteCount }
        guard demand.ordinal <= download.needed else { return nil }
        let isGranted = isFavoured || fits(demand.leastByteCount, in: limits.byteCount + limits.spareByteCount)
        return isGranted ? demand.leastByteCount : nil
    }
}
