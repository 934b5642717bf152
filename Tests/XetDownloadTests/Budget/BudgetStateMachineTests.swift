import Testing

@testable import XetDownload

/// The rules, one by one.
@Suite struct BudgetStateMachineTests {
    private typealias Machine = BudgetStateMachine

    /// A machine and the requests that it has not let through.
    private final class Desk {
        var machine: Machine
        private var ticketCount = 0
        private(set) var waiting: Set<Machine.Ticket> = []
        /// The memory that requests were let through with.
        private var granted: [Machine.Ticket: Int] = [:]
        /// Requests in the order in which they were let through.
        private(set) var order: [Machine.Ticket] = []

        init(bytes: Int = 1000, spare: Int = 100, ahead: Int = 1000, place: Int = 10) {
            machine = Machine(
                Machine.Limits(
                    byteCount: bytes,
                    spareByteCount: spare,
                    aheadByteCount: ahead,
                    placeByteCount: place
                )
            )
        }

        var held: Int { machine.heldByteCount }

        func open(_ byteCount: Int = 1000, fetches: Int = 10) -> Machine.DownloadID {
            machine.open(Machine.Wish(byteCount: byteCount, fetchCount: fetches))
        }

        func note(_ grants: [Machine.Grant]) {
            for grant in grants {
                #expect(waiting.remove(grant.ticket) != nil)
                granted[grant.ticket] = grant.byteCount
                order.append(grant.ticket)
            }
        }

        private func ticket() -> Machine.Ticket {
            ticketCount += 1
            let ticket = Machine.Ticket(number: ticketCount)
            waiting.insert(ticket)
            return ticket
        }

        /// Asks for a place.
        @discardableResult
        func place(
            _ ordinal: Int,
            _ byteCount: Int = 0,
            weight: Int = Machine.fullWeight,
            of id: Machine.DownloadID
        ) -> Machine.Ticket {
            let ticket = ticket()
            note(machine.ask(Machine.Fetch(ordinal: ordinal, byteCount: byteCount, weight: weight), ticket, of: id))
            return ticket
        }

        /// Asks for bytes.
        @discardableResult
        func bytes(
            _ ordinal: Int,
            _ byteCount: Int,
            least: Int? = nil,
            of id: Machine.DownloadID
        ) -> Machine.Ticket {
            let ticket = ticket()
            let demand = Machine.Demand(
                ordinal: ordinal,
                byteCount: byteCount,
                leastByteCount: least ?? byteCount
            )
            note(machine.ask(demand, ticket, of: id))
            return ticket
        }

        func need(_ ordinal: Int, of id: Machine.DownloadID) { note(machine.need(ordinal, of: id)) }

        func release(_ held: Int, ahead: Int = 0, of id: Machine.DownloadID) {
            note(machine.release(held: held, ahead: ahead, of: id))
        }

        func endPlace(weight: Int = Machine.fullWeight, of id: Machine.DownloadID) {
            note(machine.endPlace(of: Machine.Fetch(ordinal: 0, byteCount: 0, weight: weight), of: id))
        }

        /// Requests that wait are withdrawn.
        func close(_ id: Machine.DownloadID) {
            let (withdrawn, grants) = machine.close(id)
            for ticket in withdrawn { #expect(waiting.remove(ticket) != nil) }
            note(grants)
        }

        @discardableResult
        func withdraw(_ ticket: Machine.Ticket, of id: Machine.DownloadID) -> Bool {
            let (isWithdrawn, grants) = machine.withdraw(ticket, of: id)
            if isWithdrawn { waiting.remove(ticket) }
            note(grants)
            return isWithdrawn
        }

        func change(_ byteCount: Int, fetches: Int = 10, of id: Machine.DownloadID) {
            note(machine.change(Machine.Wish(byteCount: byteCount, fetchCount: fetches), of: id))
        }

        /// A download that holds so much, without a place or anything ahead.
        func hog(_ byteCount: Int) -> Machine.DownloadID {
            let id = open(0)
            need(0, of: id)
            bytes(0, byteCount, of: id)
            return id
        }

        func isWaiting(_ ticket: Machine.Ticket) -> Bool { waiting.contains(ticket) }

        /// What a request was let through with.
        func memory(_ ticket: Machine.Ticket) -> Int? { granted[ticket] }
    }

    // MARK: Places

    @Test func `a place takes the memory of a connection, and its bytes are ahead`() {
        let desk = Desk()
        let id = desk.open(100)
        let first = desk.place(0, 60, of: id)
        #expect(desk.memory(first) == 10)
        #expect(desk.held == 10)
        // 120 would be more than it wants.
        let second = desk.place(1, 60, of: id)
        #expect(desk.isWaiting(second))
        desk.release(0, ahead: 19, of: id)
        #expect(desk.isWaiting(second))
        desk.release(0, ahead: 1, of: id)
        #expect(desk.memory(second) == 10)
        #expect(desk.held == 20)
    }

    @Test func `as many GETs at once as it wants, and four small ones count as one`() {
        let desk = Desk()
        let id = desk.open(fetches: 2)
        desk.place(0, of: id)
        for ordinal in 1...4 { #expect(!desk.isWaiting(desk.place(ordinal, weight: 1, of: id))) }
        let next = desk.place(5, weight: 1, of: id)
        #expect(desk.isWaiting(next))
        desk.endPlace(weight: 1, of: id)
        #expect(!desk.isWaiting(next))
        // What lets one begin is that there is room for some of it.
        desk.endPlace(weight: 1, of: id)
        #expect(!desk.isWaiting(desk.place(6, of: id)))
        let last = desk.place(7, weight: 1, of: id)
        desk.endPlace(of: id)
        #expect(!desk.isWaiting(last))
    }

    @Test func `one at a time it has in any case`() {
        let desk = Desk()
        let id = desk.open(100, fetches: 0)
        #expect(!desk.isWaiting(desk.place(0, 5000, of: id)))
        let next = desk.place(1, 1, of: id)
        desk.endPlace(of: id)
        #expect(desk.isWaiting(next))
        desk.release(0, ahead: 4999, of: id)
        #expect(desk.isWaiting(next))
        desk.release(0, ahead: 1, of: id)
        #expect(!desk.isWaiting(next))
    }

    @Test func `a fetch that its reader waits for is let through whatever is ahead`() {
        let desk = Desk()
        let id = desk.open(100, fetches: 1)
        desk.place(0, 90, of: id)
        let next = desk.place(1, 90, of: id)
        #expect(desk.isWaiting(next))
        desk.need(0, of: id)
        #expect(desk.isWaiting(next))
        desk.need(1, of: id)
        #expect(!desk.isWaiting(next))
        // Need of it counts for those before it, and also before it asks.
        desk.need(3, of: id)
        #expect(!desk.isWaiting(desk.place(2, 90, of: id)))
        #expect(!desk.isWaiting(desk.place(3, 90, of: id)))
        #expect(desk.isWaiting(desk.place(4, 90, of: id)))
    }

    @Test func `places leave the spare memory alone`() {
        let desk = Desk(place: 50)
        let hog = desk.hog(951)
        let place = desk.place(0, of: desk.open())
        #expect(desk.isWaiting(place))
        desk.release(1, of: hog)
        #expect(!desk.isWaiting(place))
        #expect(desk.held == 1000)
    }

    /// Bytes can then be had for those that have one.
    @Test func `places that nobody waits for take half of the memory at most`() {
        let desk = Desk(place: 100)
        let ids = (0..<6).map { _ in desk.open() }
        let places = ids.map { desk.place(0, of: $0) }
        #expect(desk.waiting == [places[5]])
        desk.need(0, of: ids[5])
        #expect(desk.waiting.isEmpty)
        let next = desk.place(1, of: ids[0])
        #expect(desk.isWaiting(next))
        desk.endPlace(of: ids[1])
        #expect(desk.isWaiting(next))
        desk.close(ids[2])
        #expect(!desk.isWaiting(next))
    }

    // MARK: Bytes

    @Test func `bytes are granted in full while there is memory`() {
        let desk = Desk()
        let id = desk.open()
        #expect(desk.memory(desk.bytes(0, 600, least: 1, of: id)) == 600)
        let next = desk.bytes(1, 401, least: 1, of: id)
        #expect(desk.isWaiting(next))
        desk.release(1, of: id)
        #expect(desk.memory(next) == 401)
        #expect(desk.held == 1000)
    }

    @Test func `the spare memory is for bytes that a reader waits for, the least of them`() {
        let desk = Desk()
        _ = desk.hog(960)
        let (one, two) = (desk.open(), desk.open())
        let ahead = desk.bytes(0, 41, least: 1, of: one)
        #expect(desk.isWaiting(ahead))
        desk.need(0, of: one)
        #expect(desk.memory(ahead) == 1)
        desk.need(7, of: two)
        // All of it fits without the spare memory.
        #expect(desk.memory(desk.bytes(7, 39, least: 1, of: two)) == 39)
        #expect(desk.memory(desk.bytes(7, 5000, least: 100, of: two)) == 100)
        #expect(desk.held == 1100)
    }

    /// Memory that is full of what is given back only after more was fetched would stop everybody.
    @Test func `one at a time is let through without memory, until it has given that back`() {
        let desk = Desk()
        let hog = desk.hog(1100)
        let (one, two) = (desk.open(), desk.open())
        let (needed, other) = (desk.bytes(0, 300, least: 40, of: one), desk.bytes(0, 300, least: 40, of: two))
        #expect(desk.waiting == [needed, other])
        desk.need(0, of: one)
        #expect(desk.memory(needed) == 40)
        desk.need(0, of: two)
        #expect(desk.isWaiting(other))
        // It gets what else its reader needs, and nobody stands in its way.
        let place = desk.place(1, of: one)
        #expect(desk.isWaiting(place))
        desk.need(1, of: one)
        #expect(!desk.isWaiting(place))
        #expect(desk.held == 1150)
        desk.release(40, of: one)
        #expect(desk.isWaiting(other))
        desk.endPlace(of: one)
        #expect(desk.memory(other) == 40)
        #expect(desk.held == 1140)
        desk.release(140, of: hog)
        #expect(desk.held == 1000)
    }

    @Test func `whoever was let through without memory and goes makes room for the next`() {
        let desk = Desk()
        _ = desk.hog(1100)
        let ids = (0..<3).map { _ in desk.open() }
        for id in ids { desk.need(0, of: id) }
        let tickets = ids.map { desk.place(0, of: $0) }
        #expect(desk.waiting == [tickets[1], tickets[2]])
        desk.close(ids[1])
        #expect(desk.isWaiting(tickets[2]))
        desk.close(ids[0])
        #expect(!desk.isWaiting(tickets[2]))
    }

    @Test func `what is larger than all there is waits for its reader`() {
        let desk = Desk()
        let id = desk.open()
        let large = desk.bytes(0, 5000, of: id)
        #expect(desk.isWaiting(large))
        desk.need(0, of: id)
        #expect(desk.memory(large) == 5000)
        #expect(desk.isWaiting(desk.bytes(1, 1, of: id)))
    }

    // MARK: Who goes first

    @Test func `within a download in the order of the file`() {
        let desk = Desk()
        let hog = desk.hog(1000)
        let id = desk.open()
        let (five, three, four) = (
            desk.bytes(5, 100, of: id), desk.bytes(3, 100, of: id), desk.bytes(4, 100, of: id)
        )
        #expect(desk.waiting == [three, four, five])
        desk.release(200, of: hog)
        #expect(desk.order.suffix(2) == [three, four])
        desk.release(100, of: hog)
        #expect(desk.order.last == five)
    }

    @Test func `bytes of a download go before its next place`() {
        let desk = Desk()
        let hog = desk.hog(1000)
        let id = desk.open()
        let place = desk.place(4, of: id)
        let bytes = desk.bytes(3, 50, of: id)
        // There would be memory for the place.
        desk.release(49, of: hog)
        #expect(desk.waiting == [place, bytes])
        desk.release(11, of: hog)
        #expect(desk.order.suffix(2) == [bytes, place])
    }

    @Test func `readers that wait for bytes go first, then those that wait for a place, then who looks ahead`() {
        let desk = Desk(spare: 50)
        let hog = desk.hog(1050)
        let favourite = desk.open()
        desk.need(0, of: favourite)
        desk.bytes(0, 10, of: favourite)
        let ids = (0..<6).map { _ in desk.open() }
        let ahead = [desk.place(0, of: ids[0]), desk.bytes(0, 10, of: ids[1])]
        let stranded = [desk.place(0, of: ids[2]), desk.place(0, of: ids[3])]
        let thirsty = [desk.bytes(0, 10, of: ids[4]), desk.bytes(0, 10, of: ids[5])]
        for id in ids[2...].reversed() { desk.need(0, of: id) }
        #expect(desk.order.count == 2)
        for _ in 0..<20 where !desk.waiting.isEmpty { desk.release(10, of: hog) }
        // Within each, in the order in which they came to wait for it.
        let order: [Machine.Ticket] = [thirsty[1], thirsty[0], stranded[1], stranded[0]] + ahead
        #expect(Array(desk.order.suffix(6)) == order)
    }

    @Test func `ten thousand go on in the order in which they came`() {
        let desk = Desk(spare: 0)
        let hog = desk.hog(1000)
        let ids = (0..<10_000).map { _ in desk.open() }
        let tickets = ids.map { desk.bytes(0, 10, of: $0) }
        let downloads = Dictionary(uniqueKeysWithValues: zip(tickets, ids))
        // Some leave, wherever they stand.
        for index in stride(from: 0, to: ids.count, by: 3) { desk.close(ids[index]) }
        let left = desk.waiting
        desk.release(10, of: hog)
        for _ in left {
            guard let last = desk.order.last, let id = downloads[last] else { break }
            desk.close(id)
        }
        #expect(desk.waiting.isEmpty)
        #expect(Array(desk.order.dropFirst()) == tickets.filter(left.contains))
    }

    @Test func `the small does not overtake the large`() {
        let desk = Desk()
        let hog = desk.hog(900)
        let (one, two) = (desk.open(), desk.open())
        let large = desk.bytes(0, 600, of: one)
        // It would fit, but would keep the large one from ever fitting.
        let small = desk.bytes(0, 50, of: two)
        #expect(desk.waiting == [large, small])
        desk.release(500, of: hog)
        #expect(desk.waiting == [small])
        desk.release(50, of: hog)
        #expect(desk.waiting.isEmpty)
    }

    @Test func `who had something goes behind the others`() {
        let desk = Desk(place: 100)
        let hog = desk.hog(1000)
        let (one, two) = (desk.open(), desk.open())
        let first = (0..<3).map { desk.bytes($0, 100, of: one) }
        let second = (0..<2).map { desk.bytes($0, 100, of: two) }
        desk.release(500, of: hog)
        #expect(desk.order.suffix(5) == [first[0], second[0], first[1], second[1], first[2]])
    }

    @Test func `who is at its own limit keeps nobody waiting`() {
        let desk = Desk(place: 1)
        let (busy, other) = (desk.open(100), desk.open(100))
        desk.place(0, 100, of: busy)
        let waiting = desk.place(1, 50, of: busy)
        #expect(!desk.isWaiting(desk.place(0, 100, of: other)))
        desk.release(0, ahead: 50, of: busy)
        #expect(!desk.isWaiting(waiting))
    }

    // MARK: What a download may have ahead

    @Test func `wishes that fit together are granted, else all are cut in proportion`() {
        let desk = Desk(ahead: 1000)
        let (large, small) = (desk.open(900, fetches: 7), desk.open(100, fetches: 1))
        #expect(desk.machine.allowance(of: large) == Machine.Wish(byteCount: 900, fetchCount: 7))
        #expect(desk.machine.allowance(of: small) == Machine.Wish(byteCount: 100, fetchCount: 1))
        let third = desk.open(1000)
        #expect(desk.machine.allowance(of: large).byteCount == 450)
        #expect(desk.machine.allowance(of: small).byteCount == 50)
        #expect(desk.machine.allowance(of: third).byteCount == 500)
        desk.close(third)
        #expect(desk.machine.allowance(of: large).byteCount == 900)
        #expect(desk.machine.allowance(of: third) == Machine.Wish(byteCount: 0, fetchCount: 0))
    }

    @Test(arguments: [0, 1, 10, 100, 1000, 9999])
    func `a fast reader keeps nearly all beside slow ones`(slowCount: Int) {
        let mebibyte = 1 << 20
        let desk = Desk(ahead: 192 * mebibyte)
        let fast = desk.open(96 * mebibyte)
        let slow = (0..<slowCount).map { _ in desk.open(40 << 10) }
        let allowance = desk.machine.allowance(of: fast).byteCount
        #expect(allowance >= min(96 * mebibyte, 192 * mebibyte * 96 / (96 + slowCount * 40 / 1024 + 1)))
        let sum = ([fast] + slow).reduce(0) { $0 + desk.machine.allowance(of: $1).byteCount }
        #expect(sum <= 192 * mebibyte)
    }

    @Test func `a wish that grows lets through, one that shrinks takes nothing back`() {
        let desk = Desk()
        let id = desk.open(100, fetches: 1)
        desk.place(0, 100, of: id)
        let next = desk.place(1, 100, of: id)
        desk.change(200, fetches: 1, of: id)
        #expect(desk.isWaiting(next))
        desk.change(200, fetches: 2, of: id)
        #expect(!desk.isWaiting(next))
        desk.change(1, fetches: 1, of: id)
        #expect(desk.held == 20)
        #expect(desk.machine.allowance(of: id) == Machine.Wish(byteCount: 1, fetchCount: 1))
    }

    // MARK: Ends

    @Test func `closing gives back and forgets, once`() {
        let desk = Desk()
        let id = desk.open()
        desk.place(0, of: id)
        desk.bytes(0, 800, of: id)
        let (place, bytes) = (desk.place(1, 5000, of: id), desk.bytes(0, 900, of: id))
        let other = desk.open()
        let waiting = desk.bytes(0, 500, of: other)
        #expect(desk.waiting == [place, bytes, waiting])
        desk.close(id)
        #expect(desk.waiting.isEmpty)
        #expect(desk.memory(waiting) == 500)
        #expect(desk.held == 500)
        #expect(!desk.machine.isOpen(id))
        // What comes later changes nothing.
        desk.close(id)
        desk.release(100, ahead: 100, of: id)
        desk.endPlace(of: id)
        desk.need(9, of: id)
        desk.change(5000, of: id)
        #expect(!desk.withdraw(bytes, of: id))
        desk.place(2, of: id)
        desk.bytes(2, 1, of: id)
        #expect(desk.waiting.count == 2)
        #expect(desk.held == 500)
        #expect(desk.machine.downloadCount == 1)
        #expect(desk.machine.allowance(of: other).byteCount == 1000)
        desk.close(other)
        #expect(desk.held == 0)
        #expect(desk.machine.downloadCount == 0)
    }

    @Test func `a request that is taken back keeps nobody waiting`() {
        let desk = Desk()
        _ = desk.hog(900)
        let (one, two) = (desk.open(), desk.open())
        let large = desk.bytes(0, 600, of: one)
        let small = desk.bytes(0, 50, of: two)
        let place = desk.place(1, of: one)
        #expect(desk.waiting == [large, small, place])
        #expect(!desk.withdraw(small, of: one))
        #expect(desk.withdraw(large, of: one))
        #expect(desk.waiting.isEmpty)
        // A download keeps its place in the line.
        #expect(desk.order.suffix(2) == [place, small])
        #expect(!desk.withdraw(place, of: one))
        // The next request is one of its own.
        let next = desk.place(2, 5000, of: one)
        #expect(desk.isWaiting(next))
        #expect(desk.withdraw(next, of: one))
        desk.release(0, ahead: 0, of: one)
        #expect(desk.memory(next) == nil)
        #expect(!desk.isWaiting(desk.place(3, 500, of: one)))
    }

    // MARK: Elsewhere

    @Test func `what is held elsewhere is missing, but at most half counts`() {
        let desk = Desk()
        let id = desk.open()
        desk.bytes(0, 10, of: id)
        desk.note(desk.machine.note(elsewhere: 300))
        let large = desk.bytes(1, 700, of: id)
        #expect(desk.isWaiting(large))
        desk.note(desk.machine.note(elsewhere: 290))
        #expect(!desk.isWaiting(large))
        desk.release(700, of: id)
        desk.note(desk.machine.note(elsewhere: 100_000))
        #expect(!desk.isWaiting(desk.bytes(2, 490, of: id)))
        #expect(desk.isWaiting(desk.bytes(3, 1, of: id)))
        #expect(desk.held == 500)
    }

    /// Neither waits for the other: a client that does not take its answer stops no download.
    @Test func `what is held elsewhere keeps no reader waiting`() {
        let desk = Desk()
        let id = desk.open()
        // A download looks ahead as far as it may, then answers come.
        desk.place(0, of: id)
        desk.bytes(5, 990, of: id)
        desk.note(desk.machine.note(elsewhere: 500))
        desk.need(0, of: id)
        #expect(desk.memory(desk.bytes(0, 300, least: 50, of: id)) == 50)
    }
}
