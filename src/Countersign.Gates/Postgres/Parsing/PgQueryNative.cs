using System.Runtime.InteropServices;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// The functions of libpg_query, as <c>pg_query.h</c> of 15-4.0.0 declares them. They run in the child process only.
/// Results hold memory of the library, which the function beside each gives back.
/// </summary>
internal static partial class PgQueryNative
{
    private const string Library = "pg_query";

    /// <summary>Loads the library from that file, for the whole life of the process.</summary>
    public static void Load(string file)
    {
        var handle = NativeLibrary.Load(file);
        NativeLibrary.SetDllImportResolver(
            typeof(PgQueryNative).Assembly, (name, _, _) => name == Library ? handle : nint.Zero);
    }

    /// <summary>The tree as JSON.</summary>
    [LibraryImport(Library)]
    public static partial TextResult pg_query_parse(ReadOnlySpan<byte> text);

    [LibraryImport(Library)]
    public static partial void pg_query_free_parse_result(TextResult result);

    /// <summary>The tree as protobuf, which <see cref="pg_query_deparse_protobuf"/> takes.</summary>
    [LibraryImport(Library)]
    public static partial BufferResult pg_query_parse_protobuf(ReadOnlySpan<byte> text);

    [LibraryImport(Library)]
    public static partial void pg_query_free_protobuf_parse_result(BufferResult result);

    [LibraryImport(Library)]
    public static partial DeparseResult pg_query_deparse_protobuf(Buffer tree);

    [LibraryImport(Library)]
    public static partial void pg_query_free_deparse_result(DeparseResult result);

    /// <summary>The tokens as protobuf.</summary>
    [LibraryImport(Library)]
    public static partial BufferResult pg_query_scan(ReadOnlySpan<byte> text);

    [LibraryImport(Library)]
    public static partial void pg_query_free_scan_result(BufferResult result);

    [LibraryImport(Library)]
    public static partial FingerprintResult pg_query_fingerprint(ReadOnlySpan<byte> text);

    [LibraryImport(Library)]
    public static partial void pg_query_free_fingerprint_result(FingerprintResult result);

    /// <summary>PgQueryError.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Error(
        nint Message, nint Function, nint File, int Line, int Cursor, nint Context);

    /// <summary>PgQueryProtobuf.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Buffer(nuint Length, nint Bytes);

    /// <summary>PgQueryParseResult.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct TextResult(nint Text, nint Warnings, nint Error);

    /// <summary>PgQueryScanResult and PgQueryProtobufParseResult.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct BufferResult(Buffer Bytes, nint Warnings, nint Error);

    /// <summary>PgQueryDeparseResult.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct DeparseResult(nint Text, nint Error);

    /// <summary>PgQueryFingerprintResult.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct FingerprintResult(ulong Number, nint Text, nint Warnings, nint Error);
}
