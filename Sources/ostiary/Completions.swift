import ArgumentParser

/// `ostiary completions`: the script that teaches a shell this command's words.
struct Completions: ParsableCommand {
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish

        var completionShell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    static let configuration = CommandConfiguration(
        abstract: "print a completion script for bash, zsh or fish",
        discussion: """
              ostiary completions bash > ~/.local/share/bash-completion/completions/ostiary
              ostiary completions zsh > ~/.zfunc/_ostiary
              ostiary completions fish > ~/.config/fish/completions/ostiary.fish
            """
    )

    @Argument(help: "bash, zsh or fish")
    var shell: Shell

    func run() throws {
        Voice.standard.print(Ostiary.completionScript(for: shell.completionShell) + "\n")
    }
}
