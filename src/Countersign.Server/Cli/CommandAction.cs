using System.CommandLine;
using System.Net.Sockets;
using Countersign.Core.Storage;
using Countersign.Server.Configuration;

namespace Countersign.Server.Cli;

/// <summary>Runs what a command does and turns every foreseeable failure into one line and an exit code.</summary>
internal static class CommandAction
{
    public static void Runs(this Command command, Func<ParseResult, CancellationToken, Task<int>> action) =>
        command.SetAction((parsed, cancellationToken) => RunAsync(action, parsed, cancellationToken));

    private static async Task<int> RunAsync(
        Func<ParseResult, CancellationToken, Task<int>> action, ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            return await action(parsed, cancellationToken);
        }
        catch (CommandFailure failure)
        {
            await Terminal.TellAsync(failure.Message);
            return failure.ExitCode;
        }
        catch (ConfigurationException wrong)
        {
            await Terminal.TellAsync(wrong.Message);
            return ExitCode.Failed;
        }
        catch (StoreUnavailableException unavailable)
        {
            await Terminal.TellAsync(unavailable.Message);
            return ExitCode.Unavailable;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Failed;
        }
        catch (Exception failure) when (failure is HttpRequestException or SocketException)
        {
            await Terminal.TellAsync($"The server cannot be reached: {failure.Message}");
            return ExitCode.Unavailable;
        }
    }
}
