using System.CommandLine;
using Countersign.Server.Cli.Action;
using Countersign.Server.Cli.Agent;
using Countersign.Server.Cli.BreakGlass;
using Countersign.Server.Cli.Hook;
using Countersign.Server.Cli.Ledger;
using Countersign.Server.Cli.Passkey;
using Countersign.Server.Cli.Policy;

namespace Countersign.Server.Cli;

/// <summary>Every command of the executable; the documents are held to it by a test.</summary>
internal static class CommandTree
{
    public static RootCommand Create() => new RootCommand(
        "Countersign lets AI agents do privileged work in production without letting them do harm: it holds each " +
        "sensitive action until the right people approve it, runs exactly what was approved, and records every step " +
        "in a ledger that anyone can verify.")
    {
        DemoCommand.Create(),
        ServeCommand.Create(),
        DoctorCommand.Create(),
        StopCommand.Create(),
        RedactCommand.Create(),
        PgQueryCommand.Create(),
        HookCommand.Create(),
        new Command("action", "Read and decide actions over the API of a running server.")
        {
            ListCommand.Create(),
            ShowCommand.Create(),
            VoteCommand.CreateApprove(),
            VoteCommand.CreateDeny(),
            ModifyCommand.Create(),
            WithdrawCommand.Create(),
            WaitCommand.Create(),
        },
        new Command("agent", "Work with agents.")
        {
            TokenCommand.Create(),
            ResumeCommand.Create(),
        },
        new Command("break-glass", "Prepare for emergencies in which nobody can be asked.")
        {
            SealCommand.Create(),
        },
        new Command("passkey", "Work with passkeys.")
        {
            CodeCommand.Create(),
        },
        new Command("policy", "Work with policy files; no server is needed.")
        {
            CheckCommand.Create(),
            EvalCommand.Create(),
        },
        new Command("ledger", "Read and verify the ledger.")
        {
            KeyCommand.Create(),
            VerifyCommand.Create(),
            ReceiptCommand.Create(),
            ExportCommand.Create(),
            AcceptClockCommand.Create(),
            AcceptRestoreCommand.Create(),
        },
    };

    /// <summary>Runs the command that a command line names, or says what is wrong with it.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var parsed = Create().Parse(arguments.Length > 0 ? arguments : ["--help"]);
        if (parsed.Errors.Count == 0)
        {
            return await parsed.InvokeAsync();
        }

        foreach (var error in parsed.Errors)
        {
            await Terminal.TellAsync(error.Message);
        }

        await Terminal.TellAsync("Run 'countersign --help', or a command with --help.");
        return ExitCode.Usage;
    }
}
