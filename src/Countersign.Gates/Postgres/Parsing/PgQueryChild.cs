using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// The process in which libpg_query runs: it answers requests from its standard input until that ends. The library is
/// written in C and aborts when its stack or memory is over; here that ends nothing but this process, which the server
/// starts again.
/// </summary>
internal static class PgQueryChild
{
    /// <summary>What the library may take of addresses beyond what the runtime holds when it starts.</summary>
    private const long MostMemory = 1024L * 1024 * 1024;

    /// <summary>The library recurses once per level of a tree.</summary>
    private const int StackBytes = 64 * 1024 * 1024;

    /// <summary>Beyond the time that the server waits: it ends a child whose server is gone.</summary>
    private static readonly TimeSpan s_longestRequest = TimeSpan.FromSeconds(10);

    /// <summary>Answers requests until the input ends.</summary>
    /// <param name="library">File of libpg_query.</param>
    /// <param name="input">Requests.</param>
    /// <param name="output">Answers, in their order.</param>
    public static void Run(string library, Stream input, Stream output)
    {
        PgQueryNative.Load(library);
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    AnswerAll(input, output);
                }
                catch (Exception end) when (end is IOException or InvalidDataException)
                {
                    // The server is gone, or speaks something else: there is nobody to tell.
                    failure = end;
                }
            },
            StackBytes);
        thread.Start();
        LimitMemory();
        thread.Join();
        Trace.WriteLineIf(failure is not null, failure);
    }

    private static void AnswerAll(Stream input, Stream output)
    {
        var head = new byte[PgQueryFrame.HeadBytes];
        while (input.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            var (verb, length) = PgQueryFrame.ReadHead(head, PgQueryOptions.MostRequest);
            // The library takes strings of C, which end with a zero.
            var text = new byte[length + 1];
            input.ReadExactly(text, 0, length);
            using (TimeProvider.System.CreateTimer(_ => EndProcess(), null, s_longestRequest, Timeout.InfiniteTimeSpan))
            {
                Answer((PgQueryVerb)verb, text, output);
            }

            output.Flush();
        }
    }

    private static void EndProcess()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    private static void Answer(PgQueryVerb verb, ReadOnlySpan<byte> text, Stream output)
    {
        switch (verb)
        {
            case PgQueryVerb.Parse:
                var parsed = PgQueryNative.pg_query_parse(text);
                WriteText(output, parsed.Text, parsed.Error);
                PgQueryNative.pg_query_free_parse_result(parsed);
                break;
            case PgQueryVerb.Deparse:
                Deparse(text, output);
                break;
            case PgQueryVerb.Scan:
                var scanned = PgQueryNative.pg_query_scan(text);
                Write(output, scanned.Bytes.Bytes, (int)scanned.Bytes.Length, scanned.Error);
                PgQueryNative.pg_query_free_scan_result(scanned);
                break;
            case PgQueryVerb.Fingerprint:
                var print = PgQueryNative.pg_query_fingerprint(text);
                WriteText(output, print.Text, print.Error);
                PgQueryNative.pg_query_free_fingerprint_result(print);
                break;
            default:
                WriteWrong(output, 0, Encoding.UTF8.GetBytes($"The parser's child was asked for '{verb}'."));
                break;
        }
    }

    private static void Deparse(ReadOnlySpan<byte> text, Stream output)
    {
        var tree = PgQueryNative.pg_query_parse_protobuf(text);
        if (tree.Error != nint.Zero)
        {
            WriteText(output, nint.Zero, tree.Error);
        }
        else
        {
            var deparsed = PgQueryNative.pg_query_deparse_protobuf(tree.Bytes);
            WriteText(output, deparsed.Text, deparsed.Error);
            PgQueryNative.pg_query_free_deparse_result(deparsed);
        }

        PgQueryNative.pg_query_free_protobuf_parse_result(tree);
    }

    private static void WriteText(Stream output, nint text, nint error) =>
        Write(output, text, error == nint.Zero ? SpanOf(text).Length : 0, error);

    private static unsafe void Write(Stream output, nint bytes, int length, nint error)
    {
        if (error != nint.Zero)
        {
            var fault = Marshal.PtrToStructure<PgQueryNative.Error>(error);
            WriteWrong(output, fault.Cursor, SpanOf(fault.Message));
            return;
        }

        Span<byte> head = stackalloc byte[PgQueryFrame.HeadBytes];
        PgQueryFrame.WriteHead(head, (byte)PgQueryStatus.Done, length);
        output.Write(head);
        output.Write(new ReadOnlySpan<byte>((void*)bytes, length));
    }

    private static void WriteWrong(Stream output, int cursor, ReadOnlySpan<byte> message)
    {
        Span<byte> head = stackalloc byte[PgQueryFrame.HeadBytes + sizeof(int)];
        PgQueryFrame.WriteHead(head, (byte)PgQueryStatus.Wrong, sizeof(int) + message.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head[PgQueryFrame.HeadBytes..], cursor);
        output.Write(head);
        output.Write(message);
    }

    private static unsafe ReadOnlySpan<byte> SpanOf(nint text) =>
        MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)text);

    /// <summary>
    /// A text that makes the library ask for ever more memory ends this process, and not the machine. The runtime
    /// reserves far more addresses than it uses, so the limit is counted from what it has.
    /// </summary>
    private static void LimitMemory()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var pages = File.ReadAllText("/proc/self/statm").Split(' ')[0];
        var most = (ulong)(long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize + MostMemory);
        var limit = new ResourceLimits.Limit(most, most);
        if (ResourceLimits.setrlimit(ResourceLimits.AddressSpace, in limit) != 0)
        {
            throw new InvalidOperationException(
                $"The parser's child cannot limit its memory (error {Marshal.GetLastPInvokeError()}).");
        }
    }
}
