using System.CommandLine;
using Countersign.Server.Cli;
using Countersign.Server.Cli.Action;
using Countersign.Server.Cli.Ledger;
using Countersign.Server.Cli.Policy;

var root = new RootCommand(
    "Countersign lets AI agents do privileged work in production without letting them do harm: it holds each " +
    "sensitive action until the right people approve it, runs exactly what was approved, and records every step " +
    "in a ledger that anyone can verify.")
{
    DemoCommand.Create(),
    ServeCommand.Create(),
    DoctorCommand.Create(),
    new Command("action", "Read and decide actions over the API of a running server.")
    {
        ListCommand.Create(),
        ShowCommand.Create(),
        VoteCommand.CreateApprove(),
        VoteCommand.CreateDeny(),
        WithdrawCommand.Create(),
        WaitCommand.Create(),
    },
    new Command("policy", "Work with policy files; no server is needed.")
    {
        CheckCommand.Create(),
    },
    new Command("ledger", "Read and verify the ledger.")
    {
        KeyCommand.Create(),
        VerifyCommand.Create(),
    },
};

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Terminal.TellAsync(error.Message);
    }

    await Terminal.TellAsync("Run 'countersign --help', or a command with --help.");
    return ExitCode.Usage;
}

return await parsed.InvokeAsync();
