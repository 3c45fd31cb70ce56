namespace Countersign.Tests.Keys;

/// <summary>Seeds that nobody should use.</summary>
internal static class SampleKeys
{
    public static byte[] Seed(byte number) => [.. Enumerable.Repeat(number, 32)];
}
