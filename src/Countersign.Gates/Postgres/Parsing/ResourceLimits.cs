using System.Runtime.InteropServices;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>setrlimit(2) of Linux.</summary>
internal static partial class ResourceLimits
{
    /// <summary>RLIMIT_AS.</summary>
    public const int AddressSpace = 9;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setrlimit(int resource, in Limit limit);

    /// <summary>struct rlimit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Limit(ulong Now, ulong Most);
}
