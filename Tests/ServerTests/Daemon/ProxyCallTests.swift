import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// The calls about the proxy, in a gate that starts none; Tests/Peers/test_proxy.py starts real ones.
@Suite struct ProxyCallTests {
    @Test func `where none runs the status says so, and a stop is no error`() async throws {
        try await DaemonDesk.run { desk async throws in
            let status = try await desk.ask("GET", "/proxy/status")
            #expect(status.status == 200 && status.json?["running"]?.bool == false)
            #expect(status.json?["state"]?.string == "stopped")
            #expect(try desk.conforms(status, .get, "/proxy/status"))
            let stop = try await desk.ask("POST", "/proxy/stop")
            #expect(stop.status == 200 && stop.json?["stopped"]?.bool == false && stop.json?["success"]?.bool == true)
            #expect(try desk.conforms(stop, .post, "/proxy/stop"))
        }
    }

    @Test func `a gate that was not started by the command starts none`() async throws {
        try await DaemonDesk.run { desk async throws in
            let answer = try await desk.ask("POST", "/proxy/start", #"{"provider":"echo","port":0}"#)
            #expect(answer.status == 409 && answer.problem == "proxy_impossible")
            #expect(try desk.conforms(answer, .post, "/proxy/start"))
        }
    }

    @Test(arguments: [
        "{}", #"{"provider":"echo"}"#, #"{"provider":"echo","port":70000}"#, #"{"provider":"","port":1}"#,
    ])
    func `an order that is none is refused`(_ body: String) async throws {
        try await DaemonDesk.run { desk async throws in
            #expect(try await desk.ask("POST", "/proxy/start", body).problem == "invalid_body")
            #expect(try await desk.ask("POST", "/proxy/start", body, token: nil).problem == "unauthorized")
        }
    }
}
