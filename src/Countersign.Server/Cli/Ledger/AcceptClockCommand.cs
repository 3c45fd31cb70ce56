using System.CommandLine;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Storage;
using Countersign.Server.Storage.Sqlite;

namespace Countersign.Server.Cli.Ledger;

/// <summary><c>countersign ledger accept-clock</c>; the server must be stopped.</summary>
internal static class AcceptClockCommand
{
    public static Command Create()
    {
        var command = new Command(
            "accept-clock",
            "Set the store's clock back to the system's after a clock that was far ahead; the server must be " +
            "stopped. Everything that is open is superseded, and the ledger says what was done.")
        {
            ServeCommand.Config,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var settings = SettingsFile.Load(
                parsed.GetRequiredValue(ServeCommand.Config), Environment.GetEnvironmentVariable);
            if (SqliteStore.IsEmpty(settings.Database))
            {
                throw new CommandFailure(
                    ExitCode.Failed, $"The store '{settings.Database}' is empty; its clock is the system's.");
            }

            using var keys = Keyring.Open(settings);
            var options = Node.StoreOptionsOf(settings, keys, TimeProvider.System) with
            {
                MaxClockLag = TimeSpan.MaxValue,
            };
            await using var store = await SqliteStore.OpenAsync(options, cancellationToken);
            if (store.WhyClockStopped(StoreClock.MaxLag) is null)
            {
                throw new CommandFailure(
                    ExitCode.Failed, "The system's clock is not behind the store's; there is nothing to accept.");
            }

            var superseded = await ClockReset.RunAsync(store, cancellationToken);
            Terminal.WriteLine($"The store's clock says {store.Now:u} now. Requests superseded: {superseded}.");
            return ExitCode.Succeeded;
        });
        return command;
    }
}
