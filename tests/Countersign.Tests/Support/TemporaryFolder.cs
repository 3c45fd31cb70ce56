namespace Countersign.Tests.Support;

/// <summary>A folder of one test, removed with it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("countersign-");

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public IEnumerable<string> Files => Directory.EnumerateFiles(_folder.FullName);

    public void Dispose() => _folder.Delete(recursive: true);
}
