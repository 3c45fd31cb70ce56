using Countersign.Server.Cli;

var parsed = CommandTree.Create().Parse(args.Length > 0 ? args : ["--help"]);
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
