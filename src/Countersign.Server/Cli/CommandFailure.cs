namespace Countersign.Server.Cli;

/// <summary>A command cannot go on: the message is for the person at the terminal, the code for scripts.</summary>
internal sealed class CommandFailure(int exitCode, string message) : Exception(message)
{
    public int ExitCode => exitCode;
}
