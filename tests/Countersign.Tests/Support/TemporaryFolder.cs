namespace Countersign.Tests.Support;

/// <summary>A folder of one test, removed with it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("countersign-");

    public string PathOf(string name) => Path.Combine(folder.FullName, name);

    public IEnumerable<string> Files => Directory.EnumerateFiles(folder.FullName);

    public void Dispose() => folder.Delete(recursive: true);
}
