import HTTPTypes
import Testing

@testable import XetWire

@Suite struct RateLimitHeaderTests {
    @Test(
        arguments: [
            (#""api";r=0;t=55"#, 55), (#""api"; r=0; t=55"#, 55), (#""api";t=7"#, 7), (#""api";r=3;t=55"#, nil),
            (#""api";r=0;t=5, "resolvers";r=0;t=60, "pages";r=9;t=300"#, 60), (#""a;b";r=0;t=4"#, 4),
            ("limit=100, remaining=0, reset=50", 50), ("limit=100;w=60, remaining=0, reset=50", 50),
            ("limit=100, remaining=2, reset=50", nil), ("reset=50", 50),
            (#""api";r=0;t=-1"#, nil), (#""api";r=0;t=soon"#, nil), (#""api";r=0;t="#, nil), ("", nil), (";;,=,", nil),
            (#""api";r=0;t=99999999999999999999999"#, 86_400),
        ] as [(String, Int?)]
    )
    func `seconds until there is room`(value: String, wait: Int?) {
        #expect(RateLimitHeader.wait([.rateLimit: value]) == wait)
    }

    @Test func `headers of their own`() {
        #expect(RateLimitHeader.wait([.rateLimitReset: " 12 "]) == 12)
        #expect(RateLimitHeader.wait([.rateLimitReset: "x"]) == nil)
        #expect(RateLimitHeader.wait([:]) == nil)
    }

    @Test(
        arguments: [
            (#""api";r=50;t=55"#, #""api";q=500;w=300"#, 55), (#""api";r=51;t=55"#, #""api";q=500;w=300"#, nil),
            (#""api";r=50;t=55"#, #""fixed window";"api";q=500;w=300"#, 55),
            (#""api";r=400;t=5, "resolvers";r=3;t=60"#, #""api";q=500;w=300, "resolvers";q=3000;w=300"#, 60),
            (#""api";r=10;t=55"#, "", 55), (#""api";r=11;t=55"#, "", nil), (#""api";t=55"#, "", nil),
            ("limit=100, remaining=10, reset=50", "", 50), ("limit=100, remaining=11, reset=50", "", nil),
            ("", #""api";q=500;w=300"#, nil), (#""api";r=0;t=soon"#, "", nil), (";;,=,", ";q;,", nil),
        ] as [(String, String, Int?)]
    )
    func `seconds until there is more`(limit: String, policy: String, wait: Int?) {
        #expect(RateLimitHeader.shortage([.rateLimit: limit, .rateLimitPolicy: policy]) == wait)
    }
}
