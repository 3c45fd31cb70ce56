using System.Diagnostics;
using Npgsql;

namespace Countersign.Tests.Postgres.Clients;

/// <summary>A client program that nobody here wrote, run once to its end.</summary>
internal static class ClientProgram
{
    /// <summary>A program that is not installed skips the test, except on CI.</summary>
    public static Task<Said> RunAsync(string connection, string program, params string[] arguments) =>
        RunAsync(connection, static _ => Task.CompletedTask, program, arguments);

    /// <summary>SIGINT, as the keys Ctrl and C give it to a program.</summary>
    public static async Task InterruptAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The same, with something that happens to it while it runs.</summary>
    public static async Task<Said> RunAsync(
        string connection, Func<Process, Task> meanwhile, string program, params string[] arguments)
    {
        SkipWithout(program);
        var to = new NpgsqlConnectionStringBuilder(connection);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["PGHOST"] = to.Host,
                ["PGPORT"] = $"{to.Port}",
                ["PGUSER"] = to.Username,
                ["PGPASSWORD"] = to.Password,
                ["PGDATABASE"] = to.Database,
                ["PGSSLMODE"] = "disable",
                ["PGAPPNAME"] = "",
                ["LC_ALL"] = "C",
            },
        };
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await meanwhile(process);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new Said(await output, await errors, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static void SkipWithout(string program)
    {
        var folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
        {
            var missing = $"There is no {program} on this machine; install its package (postgresql, sqlsmith).";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", missing);
            throw new InvalidOperationException(missing);
        }
    }

    /// <param name="Output">Its standard output.</param>
    /// <param name="Errors">Its standard error.</param>
    /// <param name="ExitCode">How it ended.</param>
    public sealed record Said(string Output, string Errors, int ExitCode);
}
