using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// The way of an installed hook through this program, past the command tree and the server: an agent waits for each of
/// its calls, so that only what asking takes is loaded (budget: 120 ms until the first byte is sent). An asynchronous
/// method costs half a dozen compiled ones when it first waits, which is why this one blocks.
/// </summary>
internal static class HookEntry
{
    private const string Command = "hook";

    /// <summary>
    /// How an installed command looks; everything else, such as <c>--install</c>, is the command tree's.
    /// </summary>
    public static HookOptions? TryRead(string[] arguments)
    {
        if (arguments.Length < 2 || arguments[0] != Command || HookHost.Find(arguments[1]) is not { } host)
        {
            return null;
        }

        var options = new HookOptions(host);
        for (var at = 2; at < arguments.Length; at += 2)
        {
            if (at + 1 == arguments.Length || With(options, arguments[at], arguments[at + 1]) is not { } more)
            {
                return null;
            }

            options = more;
        }

        return options;
    }

    /// <summary>Runs the hook; its answer is the only thing that is ever written.</summary>
    public static int Run(HookOptions options)
    {
        // Nobody reads what a hook counts.
        AppContext.SetSwitch("System.Diagnostics.Metrics.Meter.IsSupported", false);
        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopAsync);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopAsync);
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, StopAsync);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            // A proxy of the environment could answer in the server's place: what a repository brings along may set it.
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        });
        using var input = global::System.Console.OpenStandardInput();
        var world = new HookWorld(input, http, TimeProvider.System) { Variable = Environment.GetEnvironmentVariable };
        var answer = new HookRun(options, world).RunAsync(stop.Token).GetAwaiter().GetResult();
        Write(global::System.Console.OpenStandardError(), answer.Errors);
        Write(global::System.Console.OpenStandardOutput(), answer.Output);
        return answer.ExitCode;

        void StopAsync(PosixSignalContext context)
        {
            // Ended by the signal itself, the agent would run the tool.
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static HookOptions? With(HookOptions options, string name, string value) => name switch
    {
        "--target" when value.Length > 0 => options with { Target = value },
        "--credentials" when value.Length > 0 => options with { Credentials = value },
        "--event" when value.Length > 0 => options with { EventName = value },
        "--timeout" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) =>
            options with { Timeout = TimeSpan.FromSeconds(seconds) },
        _ => null,
    };

    private static void Write(Stream stream, string text)
    {
        if (text.Length > 0)
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush();
        }
    }
}
