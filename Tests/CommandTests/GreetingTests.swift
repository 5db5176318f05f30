import Foundation
import OstiaryServer
import Testing

@testable import ostiary

@Suite struct GreetingTests {
    private func greeting(port: UInt16 = 8080, model: String? = nil) -> String {
        var configuration = Configuration()
        var echo = Configuration.Provider()
        echo.name = "echo"
        configuration.providers = [echo]
        if let model {
            var entry = Configuration.Model()
            entry.name = model
            configuration.models = [entry]
        }
        let doors = Running.Doors(
            listen: .init(host: "127.0.0.1", port: port),
            admin: .init(host: "127.0.0.1", port: 8123),
            developmentToken: "aaa.bbb.ccc"
        )
        return Greeting(doors: doors, configuration: configuration).text
    }

    @Test func saysWhereTheDoorsAreAndWhatToTypeNext() {
        #expect(
            greeting() == """
                the gate is up

                  public door   http://127.0.0.1:8080
                  admin door    http://127.0.0.1:8123
                  provider      echo (built in, answers with what you say)
                  token         aaa.bbb.ccc
                                dev-user, 24 h, ends with this process

                try it

                  curl -N http://127.0.0.1:8080/v1/chat/completions \\
                    -H 'Authorization: Bearer aaa.bbb.ccc' \\
                    -H 'Content-Type: application/json' \\
                    -d '{"model":"echo","stream":true,"messages":[{"role":"user","content":"hello"}]}'

                or in another terminal

                  ostiary try "hello"

                ctrl-c stops the gate

                """
        )
        #expect(greeting(port: 4711).contains("ostiary try \"hello\" --url http://127.0.0.1:4711\n"))
    }

    @Test func aModelsNameCannotLeaveItsQuotes() {
        #expect(greeting(model: "it's \"x\"").contains(#"'{"model":"it'\''s \"x\"","stream""#))
        #expect(Shell.quoted("a'b") == #"'a'\''b'"#)
    }
}
