import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary reload`: has a running gate read its configuration again.
///
/// The gate reads its own file, environment and flags; nothing of a configuration is sent to it.
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "have a running gate read its configuration again",
        discussion: """
            the gate checks everything first; when anything is wrong nothing changes, and what is wrong is told as by \
            ostiary check. Requests and streams under way are not touched

            --config only says where the gate's admin door is: its socket where it has one, else its address

              ostiary reload --config ostiary.yaml
              ostiary reload --admin unix:/run/ostiary.sock --dry-run
            """
    )

    @OptionGroup var place: DoorOptions

    @Flag(help: "check everything and change nothing")
    var dryRun = false

    @Flag(help: "fetch every issuer's key set anew too")
    var keys = false

    @Flag(help: "print the outcome as JSON")
    var json = false

    func run() async throws {
        var order = ReloadOrder()
        order.isDryRun = dryRun
        order.readsKeys = keys
        let request = ReloadRequest(order: order, door: try place.door)
        try await request.run(Running.loopbackClient(), isJSON: json, voice: Voice.standard)
    }
}

/// The call to the admin door, `POST /reload`, and what is said about its answer.
struct ReloadRequest: Sendable {
    let order: ReloadOrder
    let door: LoopbackDoor

    func run(_ client: any LoopbackClient, isJSON: Bool, voice: Voice) async throws {
        let answer = Gathered(limit: 1 << 20)
        let status: Int
        do throws(LoopbackFailure) {
            status = try await client.post(
                "/reload",
                to: door,
                fields: [("Content-Type", "application/json")],
                body: JSONWriter.write(order.json),
                piece: { answer.append($0) }
            )
        } catch {
            voice.error("no gate answers at \(door)")
            voice.hint("name its admin door with --admin; a gate that has one in its file is found with --config")
            throw Status.unavailable
        }
        let bytes = answer.bytes
        guard let document = try? JSONReader.read(bytes.span), let report = ReloadReport(document) else {
            if status == 503 {
                voice.error("the gate at \(door) is starting or going down")
                throw Status.unavailable
            }
            voice.error("the gate at \(door) answered with something else than an outcome: status \(status)")
            voice.hint("it may be of another version: ostiary version")
            throw Status.protocol
        }
        if isJSON { voice.print(JSONText.pretty(document) + "\n") } else { tell(report, voice) }
        switch report.outcome {
        case .applied, .good: return
        case .refused: throw Status.usage
        case .failed: throw Status.system
        case .turnedAway: throw Status.unavailable
        }
    }

    private func tell(_ report: ReloadReport, _ voice: Voice) {
        switch report.outcome {
        case .applied:
            voice.print(
                "reloaded: generation \(report.generation), \(Voice.count(report.changedCount, "key")) changed\n"
            )
        case .good:
            voice.print("good: \(Voice.count(report.changedCount, "key")) would change\n")
        case .refused:
            for fault in report.faults {
                voice.error(AnswerStream.plain(fault.description))
                if let hint = fault.hint { voice.hint(AnswerStream.plain(hint)) }
            }
            voice.error("nothing has changed: the gate goes on with generation \(report.generation)")
        case .failed, .turnedAway:
            for line in (report.reason ?? "the gate does not say why").split(separator: "\n") {
                voice.error(AnswerStream.plain(String(line)))
            }
            if let hint = report.hint { voice.hint(AnswerStream.plain(hint)) }
            voice.error("nothing has changed: the gate goes on with generation \(report.generation)")
        }
        guard report.isGood else { return }
        for key in report.changed { voice.print("  \(AnswerStream.plain(key))\n") }
        if report.changedCount > report.changed.count {
            voice.print("  and \(report.changedCount - report.changed.count) more\n")
        }
        for key in report.waiting { voice.print("waits for a restart: \(AnswerStream.plain(key))\n") }
        for warning in report.warnings { voice.warn(AnswerStream.plain(warning)) }
    }
}
