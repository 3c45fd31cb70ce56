namespace Countersign.EndToEnd.Support;

/// <summary>A disk of a few megabytes in memory, which a test can fill and make read-only.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const string Filler = "filler";
    private const int BlockBytes = 4096;

    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Mounts one, or skips the test where that is not permitted.</summary>
    public static async Task<SmallDisk> MountAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("countersign-e2e-disk-").FullName;
        var mounted = await RunningProgram.RunAsync(
            new ProgramOptions("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder), cancellationToken);
        if (mounted.ExitCode != 0)
        {
            Directory.Delete(folder);
            Assert.Skip($"This user may not mount a small disk: {mounted.Errors.Trim()}");
        }

        return new SmallDisk(folder);
    }

    /// <summary>Takes the last free byte, or leaves so many blocks free.</summary>
    public void Fill(int free = 0)
    {
        using var filler = new FileStream(Path.Combine(Folder, Filler), FileMode.Create, FileAccess.Write);
        var block = new byte[BlockBytes];
        try
        {
            while (true)
            {
                filler.Write(block);
                filler.Flush(flushToDisk: true);
            }
        }
        catch (IOException)
        {
            // The disk is full, as it is meant to be.
        }

        filler.SetLength(Math.Max(0, filler.Length - (free * BlockBytes)));
    }

    public void Free() => File.Delete(Path.Combine(Folder, Filler));

    /// <summary>Nobody may have a file of it open for writing.</summary>
    public async Task MakeReadOnlyAsync(CancellationToken cancellationToken)
    {
        var remounted = await RunningProgram.RunAsync(
            new ProgramOptions("mount", "-o", "remount,ro", Folder), cancellationToken);
        Assert.True(remounted.ExitCode == 0, remounted.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await RunningProgram.RunAsync(new ProgramOptions("umount", Folder), CancellationToken.None);
        Directory.Delete(Folder);
    }
}
