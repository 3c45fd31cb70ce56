using System.CommandLine;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Server.Cli;

/// <summary>
/// <c>countersign pg-query LIBRARY</c>: the child process in which the PostgreSQL gate lets libpg_query run. The server
/// starts it; there is nothing in it for people.
/// </summary>
internal static class PgQueryCommand
{
    public static Command Create()
    {
        var library = new Argument<string>("library") { Description = "File of libpg_query." };
        var command = new Command(PgQueryOptions.Command, "Parse SQL for the server; internal.") { library };
        command.Hidden = true;
        command.Runs((parsed, _) =>
        {
            using var input = global::System.Console.OpenStandardInput();
            using var output = global::System.Console.OpenStandardOutput();
            PgQueryChild.Run(parsed.GetRequiredValue(library), input, output);
            return Task.FromResult(ExitCode.Succeeded);
        });
        return command;
    }
}
