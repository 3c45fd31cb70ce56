using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Countersign.Gates.Credentials;

/// <summary>How a run of a helper ended, and how many bytes it said on standard error; nobody reads those.</summary>
internal abstract record ProgramEnd(long ErrorBytes)
{
    /// <summary>What people and agents are told; <c>null</c> when it did its work.</summary>
    public abstract string? Fault { get; }

    public sealed record Printed(byte[] Output, long ErrorBytes) : ProgramEnd(ErrorBytes)
    {
        public override string? Fault => null;
    }

    public sealed record NotStarted(string Why) : ProgramEnd(0)
    {
        public override string Fault => "cannot be started; the server's log says why";
    }

    public sealed record Failed(int ExitCode, long ErrorBytes) : ProgramEnd(ErrorBytes)
    {
        public override string Fault => $"ended with exit code {ExitCode}";
    }

    public sealed record TooMuch(int Limit, long ErrorBytes) : ProgramEnd(ErrorBytes)
    {
        public override string Fault => $"printed more than {Limit} bytes";
    }

    public sealed record Cut(long ErrorBytes) : ProgramEnd(ErrorBytes)
    {
        public override string Fault => "was ended, because the time for this action was over";
    }

    public sealed record Late(TimeSpan Limit, long ErrorBytes) : ProgramEnd(ErrorBytes)
    {
        public override string Fault =>
            $"and what it started did not end within {Limit.TotalSeconds:0.###} s";
    }
}

/// <summary>What a helper may cost.</summary>
internal sealed record MintLimits
{
    /// <summary>Longest run; then it is ended with everything it started.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of standard output.</summary>
    public int Output { get; init; } = 64 * 1024;
}

/// <summary>
/// Runs a program of the operator that makes a credential or takes one back: no shell, nothing on standard input, an
/// environment with nothing of the server's but where programs and homes are, bounded output and time.
/// </summary>
internal sealed class MintProgram(MintLimits limits, TimeProvider time)
{
    /// <summary>Names one run in the environment of everything it starts.</summary>
    private const string RunVariable = "COUNTERSIGN_RUN";

    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TMPDIR"];

    /// <param name="command">The program and its arguments.</param>
    /// <param name="run">Names this run, and no other one on this machine.</param>
    /// <param name="variables">What it is told.</param>
    /// <param name="cancellationToken">Ends the run like its time limit.</param>
    public async Task<ProgramEnd> RunAsync(
        IReadOnlyList<string> command,
        string run,
        IEnumerable<KeyValuePair<string, string>> variables,
        CancellationToken cancellationToken)
    {
        if (Find(command[0]) is not { } program)
        {
            return new ProgramEnd.NotStarted($"'{command[0]}' is in no folder of PATH");
        }

        using var limit = new CancellationTokenSource(limits.Time, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var process = new Process { StartInfo = StartOf(program, command.Skip(1), run, variables) };
        try
        {
            process.Start();
        }
        catch (Exception failure) when (failure is Win32Exception or InvalidOperationException)
        {
            return new ProgramEnd.NotStarted(failure.Message);
        }

        var errors = new Counter();
        var counting = errors.CountAsync(process.StandardError.BaseStream, either.Token);
        ProgramEnd? end = null;
        try
        {
            process.StandardInput.Close();
            end = await FollowAsync(process, counting, errors, either.Token);
        }
        catch (Exception cut) when (cut is OperationCanceledException or IOException)
        {
            end = cancellationToken.IsCancellationRequested
                ? new ProgramEnd.Cut(errors.Count)
                : new ProgramEnd.Late(limits.Time, errors.Count);
        }
        finally
        {
            if (end is not (ProgramEnd.Printed or ProgramEnd.Failed))
            {
                EndAll(process, run);
            }

            await either.CancelAsync();
            await counting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return end;
    }

    private async Task<ProgramEnd> FollowAsync(
        Process process, Task counting, Counter errors, CancellationToken cancellationToken)
    {
        if (await ReadAsync(process.StandardOutput.BaseStream, cancellationToken) is not { } output)
        {
            return new ProgramEnd.TooMuch(limits.Output, errors.Count);
        }

        await counting;
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? new ProgramEnd.Printed(output, errors.Count)
            : new ProgramEnd.Failed(process.ExitCode, errors.Count);
    }

    /// <summary>
    /// Where a program without a path is. The runtime would look into the working directory first, where others may be
    /// able to put one.
    /// </summary>
    private static string? Find(string program) => program.Contains('/', StringComparison.Ordinal)
        ? program
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(Path.IsPathRooted)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static ProcessStartInfo StartOf(
        string program,
        IEnumerable<string> arguments,
        string run,
        IEnumerable<KeyValuePair<string, string>> variables)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Except(Inherited).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        start.Environment[RunVariable] = run;
        return start;
    }

    /// <summary>All of the output, or <c>null</c> when it is more than the limit.</summary>
    private async Task<byte[]?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var output = new MemoryStream();
        var piece = new byte[4096];
        int read;
        while ((read = await stream.ReadAsync(piece, cancellationToken)) > 0)
        {
            output.Write(piece, 0, read);
            if (output.Length > limits.Output)
            {
                return null;
            }
        }

        return output.ToArray();
    }

    /// <summary>
    /// Ends the program and everything it started. What left its tree, because its parent ended first, is known by the
    /// run in its environment where the system shows that.
    /// </summary>
    private static void EndAll(Process process, string run)
    {
        Kill(process);
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var mark = Encoding.UTF8.GetBytes($"{RunVariable}={run}\0");
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && IsMarked(folder, mark))
            {
                KillById(id);
            }
        }
    }

    private static bool IsMarked(string folder, byte[] mark)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan().IndexOf(mark) >= 0;
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            // It ended, or it is somebody else's, which none of ours can be.
            return false;
        }
    }

    private static void KillById(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            Kill(process);
        }
        catch (ArgumentException)
        {
            // It had ended by itself.
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It had ended by itself.
        }
    }

    /// <summary>Reads a stream away and keeps its length.</summary>
    private sealed class Counter
    {
        private long _count;

        public long Count => Interlocked.Read(ref _count);

        public async Task CountAsync(Stream stream, CancellationToken cancellationToken)
        {
            var piece = new byte[4096];
            int read;
            while ((read = await stream.ReadAsync(piece, cancellationToken)) > 0)
            {
                Interlocked.Add(ref _count, read);
            }
        }
    }
}
