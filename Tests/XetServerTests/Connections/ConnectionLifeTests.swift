import Testing
import XetServerTestSupport

@testable import XetServer

@Suite struct ConnectionLifeTests {
    private var life = ConnectionLife()

    /// A request comes and gets its answer.
    private mutating func exchange() -> ConnectionLife.Action {
        expect(life.beginRequest(), is: true)
        _ = life.beginAnswer(saysClose: false)
        return life.endAnswer()
    }

    @Test mutating func `a connection stays open between requests`() {
        expect(exchange(), is: .nothing)
        life.sentAnswer()
        expect(exchange(), is: .nothing)
    }

    @Test mutating func `an answer that says so is the last one`() {
        expect(life.beginRequest(), is: true)
        expect(life.beginAnswer(saysClose: true), is: false)
        expect(life.endAnswer(), is: .end)
        expect(life.beginRequest(), is: false)
    }

    @Test mutating func `an idle connection is closed when the proxy stops`() {
        expect(life.drain(), is: .close)
        expect(life.beginRequest(), is: false)
    }

    @Test mutating func `a running answer says that it is the last and is followed by the end`() {
        expect(life.beginRequest(), is: true)
        expect(life.drain(), is: .nothing)
        expect(life.beginAnswer(saysClose: false), is: true)
        expect(life.endAnswer(), is: .end)
        #expect(life.hasEnded)
    }

    @Test mutating func `an answer whose head has left already is followed by the end`() {
        expect(life.beginRequest(), is: true)
        expect(life.beginAnswer(saysClose: false), is: false)
        expect(life.drain(), is: .nothing)
        expect(life.endAnswer(), is: .end)
    }

    @Test mutating func `every request that has come is answered`() {
        expect(life.beginRequest(), is: true)
        expect(life.beginRequest(), is: true)
        expect(life.drain(), is: .nothing)
        expect(life.beginAnswer(saysClose: false), is: false)
        expect(life.endAnswer(), is: .nothing)
        expect(life.beginAnswer(saysClose: false), is: true)
        expect(life.endAnswer(), is: .end)
    }

    @Test mutating func `an answer that the client has not taken to its end is not cut off by the stop`() {
        expect(exchange(), is: .nothing)
        expect(life.drain(), is: .end)
    }

    @Test mutating func `nor by a timeout`() {
        expect(exchange(), is: .nothing)
        expect(life.close(), is: .end)
        // Whoever asks again waits for that.
        expect(life.close(), is: .nothing)
        life.sentAnswer()
        expect(life.close(), is: .close)
    }

    @Test mutating func `an answer that is not whole is cut off`() {
        expect(life.beginRequest(), is: true)
        _ = life.beginAnswer(saysClose: false)
        expect(life.close(), is: .close)
    }

    @Test func `a connection accepted before the stop gets one answer`() {
        var life = ConnectionLife(isDraining: true)
        expect(life.beginRequest(), is: true)
        expect(life.beginAnswer(saysClose: false), is: true)
        expect(life.endAnswer(), is: .end)
    }

    @Test mutating func `the answer to the last request is the last`() {
        expect(life.beginRequest(), is: true)
        expect(life.beginRequest(isLast: true), is: true)
        expect(life.beginRequest(), is: false)
        expect(life.beginAnswer(saysClose: false), is: false)
        expect(life.endAnswer(), is: .nothing)
        expect(life.beginAnswer(saysClose: false), is: true)
        expect(life.endAnswer(), is: .end)
    }

    @Test mutating func `a body is asked for once, in its turn`() {
        expect(life.beginRequest(), is: true)
        life.endRequest()
        expect(life.beginRequest(waits: true), is: true)
        // The first one is answered yet.
        expect(life.wantBody(), is: false)
        _ = life.beginAnswer(saysClose: false)
        expect(life.endAnswer(), is: .nothing)
        expect(life.wantBody(), is: true)
        expect(life.wantBody(), is: false)
        expect(life.beginAnswer(saysClose: false), is: false)
    }

    @Test mutating func `an answer to a body that was not asked for is the last`() {
        expect(life.beginRequest(waits: true), is: true)
        expect(life.beginAnswer(saysClose: false), is: true)
        expect(life.endAnswer(), is: .end)
    }

    @Test mutating func `what is no request waits for those before it`() {
        expect(life.beginRequest(), is: true)
        life.endRequest()
        expect(life.refuse(), is: .nothing)
        expect(life.beginRequest(), is: false)
        expect(life.beginAnswer(saysClose: false), is: false)
        expect(life.endAnswer(), is: .refuse)
    }

    @Test mutating func `a request that breaks is refused in its turn, unless its answer runs`() {
        expect(life.beginRequest(), is: true)
        life.endRequest()
        expect(life.beginRequest(), is: true)
        expect(life.refuse(), is: .nothing)
        _ = life.beginAnswer(saysClose: false)
        expect(life.endAnswer(), is: .refuse)

        var running = ConnectionLife()
        expect(running.beginRequest(), is: true)
        _ = running.beginAnswer(saysClose: false)
        expect(running.refuse(), is: .close)
    }
}
