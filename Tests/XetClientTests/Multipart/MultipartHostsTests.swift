import Testing
import XetWire

@testable import XetClient

@Suite struct MultipartHostsTests {
    private func origin(_ number: Int = 0) throws -> HTTPAddress.Origin {
        try #require(HTTPAddress("https://cdn-\(number).example/x")).origin
    }

    @Test func `an origin that answered once is relied on, one that did not is not asked`() throws {
        let hosts = MultipartHosts()
        let (able, unable, unknown) = (try origin(1), try origin(2), try origin(3))
        hosts.noteAble(able)
        hosts.noteUnable(unable)
        #expect(hosts.mayBeAsked(able) && hosts.isExpectedToAnswer(able) && hosts.isAble(able))
        #expect(!hosts.mayBeAsked(unable) && !hosts.isExpectedToAnswer(unable) && !hosts.isAble(unable))
        #expect(hosts.mayBeAsked(unknown) && hosts.isExpectedToAnswer(unknown) && !hosts.isAble(unknown))
    }

    @Test func `while the first request is under way nobody relies on it`() throws {
        let hosts = MultipartHosts()
        let origin = try origin()
        hosts.noteBegin(origin)
        hosts.noteBegin(origin)
        #expect(hosts.mayBeAsked(origin) && !hosts.isExpectedToAnswer(origin))
        hosts.noteEnd(origin)
        #expect(!hosts.isExpectedToAnswer(origin))
        hosts.noteEnd(origin)
        #expect(hosts.isExpectedToAnswer(origin))
        hosts.noteBegin(origin)
        hosts.noteAble(origin)
        #expect(hosts.isExpectedToAnswer(origin))
        hosts.noteEnd(origin)
        #expect(hosts.isExpectedToAnswer(origin))
    }

    @Test func `doubts count only against an origin that has not answered yet`() throws {
        let hosts = MultipartHosts()
        let (able, doubted) = (try origin(1), try origin(2))
        hosts.noteAble(able)
        for count in 1...MultipartHosts.maximumDoubtCount {
            #expect(hosts.mayBeAsked(doubted))
            hosts.noteDoubt(able)
            hosts.noteBegin(doubted)
            hosts.noteDoubt(doubted)
            hosts.noteEnd(doubted)
            #expect(hosts.mayBeAsked(doubted) == (count < MultipartHosts.maximumDoubtCount))
        }
        #expect(hosts.isExpectedToAnswer(able))
    }

    @Test func `only so many origins are remembered`() throws {
        let hosts = MultipartHosts()
        for number in 0..<MultipartHosts.maximumCount + 10 { hosts.noteUnable(try origin(number)) }
        for number in 0..<10 { #expect(hosts.mayBeAsked(try origin(number))) }
        for number in 10..<MultipartHosts.maximumCount + 10 { #expect(!hosts.mayBeAsked(try origin(number))) }
    }
}
