"""A scanner's export in small: a T1w and a functional series, with a name in every corner."""

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

#: What must not be found in anything that is written.
SECRETS = ("Zaphod", "Beeblebrox", "19520311", "HOSP4711", "Magrathea", "PAT0042", "Slartibart")


def write_series(folder, number, data, *, world_from_voxel, description, **more):
    """Write (X, Y, Z) or (X, Y, Z, T) int16 as single-slice MR images; world is RAS mm."""
    data = data if data.ndim == 4 else data[..., None]
    lps = np.diag([-1.0, -1.0, 1.0]) @ world_from_voxel[:3, :3]
    origin = np.diag([-1.0, -1.0, 1.0]) @ world_from_voxel[:3, 3]
    spacing = np.linalg.norm(lps, axis=0)
    study, series = generate_uid(entropy_srcs=["study"]), generate_uid(entropy_srcs=[str(number)])
    instance = 0
    for t in range(data.shape[3]):
        for k in range(data.shape[2]):
            instance += 1
            image = _image(number, instance, study=study, series=series, description=description)
            image.Rows, image.Columns = data.shape[1], data.shape[0]
            image.PixelSpacing = [float(spacing[1]), float(spacing[0])]
            image.SliceThickness = float(spacing[2])
            image.SpacingBetweenSlices = float(spacing[2])
            image.ImageOrientationPatient = [
                float(v) for v in (*(lps[:, 0] / spacing[0]), *(lps[:, 1] / spacing[1]))
            ]
            image.ImagePositionPatient = (origin + k * lps[:, 2]).tolist()
            image.AcquisitionNumber = t + 1
            image.TemporalPositionIdentifier = t + 1
            image.NumberOfTemporalPositions = data.shape[3]
            for name, value in more.items():
                setattr(image, name, value)
            image.PixelData = np.ascontiguousarray(data[:, :, k, t].T, dtype="<i2").tobytes()
            image.save_as(folder / f"{number:03d}_{instance:05d}.dcm", enforce_file_format=True)


def _image(number, instance, *, study, series, description):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[f"{number}.{instance}"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID = study, series
    image.FrameOfReferenceUID = study
    image.PatientName, image.PatientID = "Beeblebrox^Zaphod", "PAT0042"
    image.PatientBirthDate, image.PatientSex, image.PatientAge = "19520311", "M", "042Y"
    image.PatientComments = "friend of Slartibart"
    image.InstitutionName, image.InstitutionAddress = "HOSP4711", "Magrathea"
    image.OperatorsName, image.ReferringPhysicianName = "Slartibart", "Slartibart"
    image.AccessionNumber, image.StudyID = "HOSP4711", "HOSP4711"
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = "19520311"
    image.ContentDate, image.AcquisitionTime = "19520311", "101112.0"
    image.StudyTime = image.SeriesTime = image.ContentTime = "101112.0"
    image.StudyDescription = "Zaphod brain"
    image.SeriesDescription = image.ProtocolName = description
    image.Modality, image.Manufacturer = "MR", "GE MEDICAL SYSTEMS"
    image.ManufacturerModelName, image.DeviceSerialNumber = "Discovery", "HOSP4711"
    image.MagneticFieldStrength = 3.0
    image.SeriesNumber, image.InstanceNumber = number, instance
    image.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation, image.SamplesPerPixel = 15, 1, 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.InstanceCreationDate = "19520311"
    return image
