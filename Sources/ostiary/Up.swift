import ArgumentParser
import OstiaryModels
import OstiaryServer

/// `ostiary up`: a gate to try things with, in one word.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "start a gate to try things with",
        discussion: """
            it is its own issuer, listens on loopback only, and sends everything to the built-in provider echo unless \
            --config names others; its key is only in memory, so that its tokens end with it

              ostiary up
              ostiary up --listen 127.0.0.1:9000
            """
    )

    @OptionGroup var place: Where

    func run() async throws {
        let configuration = try place.load(mode: .development)
        let voice = Voice.standard
        try await Start.serve(configuration, from: place.source, mode: .development, voice: voice) { doors in
            voice.print(Greeting(doors: doors, configuration: configuration).text)
        }
    }
}

/// What a gate in development mode says when its doors are open.
struct Greeting {
    let doors: Running.Doors
    let configuration: Configuration

    var text: String {
        let url = doors.publicURL
        var lines = ["the gate is up", ""]
        lines.append("  public door   \(url)")
        if doors.listen != nil, let secure = doors.secure { lines.append("                https://\(secure)") }
        lines.append("  admin door    http://\(doors.admin)")
        for provider in configuration.providers {
            let what = provider.kind == .echo ? "built in, answers with what you say" : provider.baseURL ?? ""
            lines.append("  provider      \(provider.name) (\(what))")
        }
        guard let token = doors.developmentToken else { return lines.joined(separator: "\n") + "\n" }
        lines += ["  token         \(token)", "                dev-user, 24 h, ends with this process", ""]
        lines += ["try it", "", curl(url: url, token: token), ""]
        lines += ["or in another terminal", "", "  \(tryCommand)", "", "ctrl-c stops the gate"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// A model that some provider will take.
    private var model: String {
        configuration.models.first { !$0.isPattern }?.name ?? "echo"
    }

    private var tryCommand: String {
        var words = "ostiary try \"hello\""
        if doors.listen?.port != 8080 { words += " --url \(doors.publicURL)" }
        if doors.admin.port != 8123 { words += " --admin \(doors.admin)" }
        if model != "echo" { words += " --model \(Shell.quoted(model))" }
        return words
    }

    private func curl(url: String, token: String) -> String {
        var name = ""
        for scalar in model.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { name += "\\" }
            name.unicodeScalars.append(scalar)
        }
        let body = "{\"model\":\"\(name)\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
        return """
              curl -N \(url)/v1/chat/completions \\
                -H 'Authorization: Bearer \(token)' \\
                -H 'Content-Type: application/json' \\
                -d \(Shell.quoted(body))
            """
    }
}
