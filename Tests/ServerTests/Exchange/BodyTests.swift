import OstiaryCore
import OstiaryModels
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct BodyTests {
    /// Begins a chat request whose body of `length` bytes is sent by the test.
    private func begin(_ rig: GateRig, length: Int) throws -> RawConnection {
        let line = try rig.client()
        line.send(
            rig.request(
                "POST",
                "/v1/chat/completions",
                token: rig.token(),
                fields: ["Content-Type: application/json", "Content-Length: \(length)"]
            )
        )
        return line
    }

    /// A body that names its model first, but for its end.
    private static let long =
        #"{"model":"m","messages":[{"role":"user","content":"\#(String(repeating: "x", count: 400_000))"}]"#

    @Test func aLongBodyThatNamesItsModelFirstStreamsThrough() async throws {
        let body = Self.long + "}"
        try await GateRig.run(upstream: RecordingUpstream.handingOver(at: .head)) { rig async throws in
            let line = try begin(rig, length: body.utf8.count)
            let bytes = Array(body.utf8)
            line.send(bytes[..<200_000])
            let provider = try await rig.upstream.handed()
            try await provider.receive(count: 100_000)
            line.send(bytes[200_000...])
            try await provider.receive(count: bytes.count)
            #expect(provider.unread == bytes)
            provider.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            let answer = try await line.answer()
            #expect(answer.status == 200)
            #expect(try await rig.entry(of: answer).bytes_in == bytes.count)
            line.leave()
            try await rig.expectBalanced()
        }
    }

    @Test(arguments: [#","model":"other"}"#, #"}}"#, #","a":}"#, "\u{7f}"])
    func aLongBodyThatTurnsOutBadNeverReachesTheProviderWhole(tail: String) async throws {
        let body = Self.long + tail
        try await GateRig.run(upstream: RecordingUpstream.handingOver(at: .head)) { rig async throws in
            let line = try begin(rig, length: body.utf8.count)
            let bytes = Array(body.utf8)
            line.send(bytes[..<200_000])
            let provider = try await rig.upstream.handed()
            line.send(bytes[200_000...])
            let answer = try await line.answer()
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_request")
            try await provider.receiveEnd()
            #expect(provider.unread.count < body.utf8.count)
            line.leave()
            try await rig.expectBalanced()
        }
    }

    @Test func aChunkedBodyIsFramedAnew() async throws {
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            let body = GateRig.question("public-name")
            line.send(
                rig.request(
                    "POST",
                    "/v1/chat/completions",
                    token: rig.token(),
                    fields: ["Content-Type: application/json", "Transfer-Encoding: chunked"]
                )
            )
            for byte in body.utf8 { line.send("1;ext=x\r\n\(String(decoding: [byte], as: UTF8.self))\r\n") }
            line.send("0\r\nX-Trailer: x\r\n\r\n")
            #expect(try await line.answer().status == 200)
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(request.text == GateRig.question("upstream-name"))
            #expect(request["transfer-encoding"] == nil)
            #expect(request["x-trailer"] == nil)
            line.leave()
        }
    }

    @Test func aBodyMayNameItsModelLast() async throws {
        let filler = String(repeating: "x", count: 1 << 20)
        let body = #"{"messages":[{"role":"user","content":"\#(filler)"}],"model":"public-name"}"#
        try await GateRig.run { rig async throws in
            let answer = try await rig.ask("POST", "/v1/chat/completions", token: rig.token(), body: body)
            #expect(answer.status == 200)
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(request.text.hasSuffix(#""model":"upstream-name"}"#))
            #expect(request.body.count == body.utf8.count + 2)
            #expect(try await rig.metric("gw_held_body_bytes") == 0)
            try await rig.expectBalanced()
        }
    }

    @Test func aHeldBodyIsGivenBackWhenItsClientLeaves() async throws {
        try await GateRig.run { rig async throws in
            let line = try begin(rig, length: 4 << 20)
            line.send(#"{"messages":""# + String(repeating: "x", count: 1 << 20))
            try await wait(for: "the bytes to be held") { try await rig.metric("gw_held_body_bytes") > 900_000 }
            line.leave()
            try await wait(for: "them to be given back") { try await rig.metric("gw_held_body_bytes") == 0 }
            let entry = try await rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.cut == "client")
            #expect(rig.upstream.requests.isEmpty)
            try await rig.expectBalanced()
        }
    }

    // SEC-701
    @Test func bodiesThatMustBeHeldAreBounded() async throws {
        try await GateRig.run(held: HeldBodies(limit: 1 << 20)) { rig async throws in
            let half = #"{"messages":""# + String(repeating: "x", count: 900_000)
            let first = try begin(rig, length: 2 << 20)
            first.send(half)
            try await wait(for: "the bytes to be held") { try await rig.metric("gw_held_body_bytes") > 700_000 }
            let second = try begin(rig, length: 2 << 20)
            second.send(half)
            let answer = try await second.answer()
            #expect(answer.status == 503)
            #expect(answer.code == "overloaded")
            #expect(answer["retry-after"] == "1")
            #expect(try await rig.metric("gw_held_bodies_refused_total") == 1)
            // Short bodies need no share, and what is given back can be taken again.
            #expect(try await rig.chat().status == 200)
            first.leave()
            try await wait(for: "the bytes to be given back") { try await rig.metric("gw_held_body_bytes") == 0 }
            second.leave()
            try await rig.expectBalanced()
        }
    }

    @Test(arguments: [
        "", "[]", "null", "{", #"{"messages":[]}"#, #"{"model":1}"#, #"{"model":"a","model":"b"}"#, #"{"model":""}"#,
        #"{"model":"a","MODEL":"b"}"#, #"{"model":"a"} x"#, "\u{feff}{}", #"{"model":"\ud800"}"#,
        #"{"model":"a","mod\u0065l":"b"}"#, #"{"model":"a","stream":"yes"}"#,
    ])
    func aBodyWithoutOneModelIsRefused(body: String) async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.ask("POST", "/v1/chat/completions", token: rig.token(), body: body)
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_request")
            #expect(rig.upstream.requests.isEmpty)
            try await rig.expectBalanced()
        }
    }

    @Test func aModelThatNobodyOffersIsNotFound() async throws {
        let change: (inout Configuration) -> Void = { $0.models = [GateRig.model("known", "main")] }
        try await GateRig.run(change) { rig async throws in
            let answer = try await rig.chat("unknown")
            #expect(answer.status == 404)
            #expect(answer.code == "model_not_found")
            try await rig.expectBalanced()
        }
    }

    @Test func aBodyBeyondTheBoundIsRefused() async throws {
        try await GateRig.run({ $0.listen.limits.body = 1000 }) { rig async throws in
            let token = rig.token()
            let long = GateRig.question(content: String(repeating: "x", count: 2000))
            let declared = try await rig.ask("POST", "/v1/chat/completions", token: token, body: long)
            #expect(declared.status == 413)
            #expect(declared["x-request-id"] != nil)
            let line = try rig.client()
            line.send(
                rig.request(
                    "POST",
                    "/v1/chat/completions",
                    token: token,
                    fields: ["Content-Type: application/json", "Transfer-Encoding: chunked"]
                )
            )
            line.send(RecordingUpstream.chunk(long))
            #expect(try await line.answer().status == 413)
            line.leave()
            #expect(rig.upstream.requests.isEmpty)
            try await rig.expectBalanced()
        }
    }

    @Test func aBodyThatStopsIsATimeout() async throws {
        try await GateRig.run { rig async throws in
            let line = try begin(rig, length: 100)
            line.send(#"{"model":"#)
            try await wait(for: "the call to begin") { rig.gate.inFlight == 1 }
            try await rig.pass(31)
            let answer = try await line.answer()
            #expect(answer.status == 408)
            #expect(answer.code == "request_timeout")
            line.leave()
            try await rig.expectBalanced()
        }
    }

    // SEC-111
    @Test(arguments: [
        ["Content-Type: text/plain"], ["Content-Type: application/x-www-form-urlencoded"], ["Content-Type:"],
        ["Content-Type: application/json; charset=utf-16"], ["Content-Type: application/json; charset=utf-8; a=b"],
        ["Content-Type: application/jsonp"], ["Content-Type: application/json, text/plain"],
        ["Content-Type: application/json", "Content-Encoding: gzip"],
        ["Content-Type: application/json", "Content-Encoding: identity"],
    ])
    func aBodyOfAnotherTypeOrCodingIsRefused(fields: [String]) async throws {
        try await GateRig.run(RateTests.sixtyAndTen) { rig async throws in
            let token = rig.token()
            let answer = try await rig.ask(
                "POST",
                "/v1/chat/completions",
                token: token,
                fields: fields,
                body: GateRig.question()
            )
            #expect(answer.status == 415)
            #expect(answer.code == "unsupported_media_type")
            #expect(rig.upstream.requests.isEmpty)
            // A stranger learns nothing of it, and a caller pays nothing.
            let stranger = try await rig.ask("POST", "/v1/chat/completions", fields: fields, body: GateRig.question())
            #expect(stranger.status == 401)
            #expect(try await rig.chat(token: token)["x-ratelimit-remaining-requests"] == "9")
        }
    }

    @Test(arguments: [
        "application/json", "Application/JSON", "application/json;charset=UTF-8",
        "application/json ; charset=\"utf-8\"",
    ])
    func jsonIsTakenInEverySpelling(type: String) async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.chat(fields: ["Content-Type: \(type)"]).status == 200)
        }
    }

    @Test func aBodyWithoutATypeIsTakenForJSON() async throws {
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            let body = GateRig.question()
            line.send(
                rig.request(
                    "POST",
                    "/v1/chat/completions",
                    token: rig.token(),
                    fields: ["Content-Length: \(body.utf8.count)"]
                )
                    + body
            )
            #expect(try await line.answer().status == 200)
            line.leave()
        }
    }

    @Test func aGETMayHaveABody() async throws {
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            line.send(
                rig.request("GET", "/v1/models", token: rig.token(), fields: ["Content-Type: text/x"], body: "GET / ")
            )
            #expect(try await line.answer().status == 200)
            line.send(rig.request("GET", "/health"))
            #expect(try await line.answer().status == 200)
            line.leave()
        }
    }
}
