import Testing

@testable import OstiaryServer

@Suite struct AdminDoorOfFileTests {
    @Test(arguments: [
        ("admin: {address: 127.0.0.1:9000}", "http://127.0.0.1:9000"),
        ("admin: {address: 127.0.0.1:9000, socket: /run/gate.sock}", "unix:/run/gate.sock"),
        ("admin: {socket: gate.sock}", "unix:etc/gate.sock"),
        // What is wrong elsewhere is the gate's to tell.
        ("limit: 3\nadmin: {address: 127.0.0.1:9000}\nproviders: 7", "http://127.0.0.1:9000"),
        ("admin: {address: nowhere}", "http://127.0.0.1:8123"),
        ("admin: {address: 192.0.2.1:9000}", "http://127.0.0.1:8123"),
        ("admin: {address: 127.0.0.1:0}", "http://127.0.0.1:8123"),
        ("listen: {address: 127.0.0.1:1}", "http://127.0.0.1:8123"), ("[", "http://127.0.0.1:8123"),
        ("", "http://127.0.0.1:8123"),
    ])
    func isFoundInAFileWithFaultsToo(yaml: String, door: String) {
        let surroundings = Kit.surroundings(files: ["etc/gate.yaml": yaml])
        #expect(Configuration.adminDoor(of: "etc/gate.yaml", surroundings: surroundings).description == door)
    }

    @Test func variablesGoOverTheFile() {
        let surroundings = Kit.surroundings(
            ["OSTIARY_ADMIN_ADDRESS": "127.0.0.1:7"],
            files: ["gate.yaml": "admin: {address: 127.0.0.1:9000}"]
        )
        #expect(
            Configuration.adminDoor(of: "gate.yaml", surroundings: surroundings).description == "http://127.0.0.1:7"
        )
        #expect(Configuration.adminDoor(of: nil, surroundings: surroundings).description == "http://127.0.0.1:7")
        #expect(
            Configuration.adminDoor(of: "not-there", surroundings: Kit.surroundings()).description
                == "http://127.0.0.1:8123"
        )
    }
}
