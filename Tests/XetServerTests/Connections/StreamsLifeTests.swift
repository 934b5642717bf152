import Testing
import XetServerTestSupport

@testable import XetServer

@Suite struct StreamsLifeTests {
    private var life = StreamsLife()

    @Test mutating func `a connection without streams ends when the client has heard`() {
        expect(life.drain(), is: .announceEnd)
        expect(life.settle(), is: .end)
        expect(life.settle(), is: .nothing)
    }

    @Test mutating func `streams that run end before the connection`() {
        life.open()
        life.open()
        expect(life.drain(), is: .announceEnd)
        expect(life.settle(), is: .nothing)
        expect(life.close(), is: .nothing)
        expect(life.close(), is: .end)
    }

    @Test mutating func `a stream that was opened before the client heard is served`() {
        expect(life.drain(), is: .announceEnd)
        life.open()
        expect(life.settle(), is: .nothing)
        expect(life.close(), is: .end)
    }

    @Test mutating func `the last stream does not end a connection of which the client may open more`() {
        life.open()
        expect(life.drain(), is: .announceEnd)
        expect(life.close(), is: .nothing)
        expect(life.settle(), is: .end)
    }

    @Test mutating func `a connection is idle only without streams`() {
        life.open()
        expect(life.idle(), is: .nothing)
        expect(life.close(), is: .awaitStreams)
        expect(life.idle(), is: .announceEnd)
        expect(life.drain(), is: .nothing)
    }
}
